#pragma once

#include <groundglass/statistics/cohort.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace groundglass::statistics {

/// Calling "positive" whatever scores `threshold` or more.
struct roc_point {
    double threshold = 0;
    double false_positive_rate = 0; ///< 1 - specificity
    double true_positive_rate = 0;  ///< sensitivity
    friend bool operator==(const roc_point&, const roc_point&) = default;
};

/// The receiver operating characteristic: one point for every distinct score as threshold, the highest first,
/// after the point (0, 0) with an infinite threshold. Joined by straight lines; the area under them is `auc`.
///
/// `labels` are 0 and 1, a higher score speaks for 1. Throws `std::invalid_argument` for spans of different
/// length, scores that are not finite or all equal, other labels, and a missing class. O(n log n).
[[nodiscard]] std::vector<roc_point> roc_curve(std::span<const double> scores,
                                               std::span<const std::uint8_t> labels);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using statistics::roc_curve;
using roc_point [[deprecated("groundglass::statistics::roc_point")]] = statistics::roc_point;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/roc.hpp>
#endif
