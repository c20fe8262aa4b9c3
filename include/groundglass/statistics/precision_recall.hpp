#pragma once

#include <groundglass/statistics/roc.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace groundglass::statistics {

/// Calling "positive" whatever scores `threshold` or more.
struct precision_recall_point {
    double threshold = 0;
    double precision = 0; ///< positive predictive value
    double recall = 0;    ///< sensitivity
    friend bool operator==(const precision_recall_point&, const precision_recall_point&) = default;
};

struct precision_recall {
    /// One for every distinct score as threshold, the highest first.
    std::vector<precision_recall_point> points;
    /// The sum of precision times the step in recall, without interpolation between points.
    double average_precision = 0;
};

/// Precision over recall. Unlike the ROC curve it depends on how common the positive cases are.
///
/// `labels` are 0 and 1, a higher score speaks for 1. Throws `std::invalid_argument` as `roc_curve` does.
/// O(n log n).
[[nodiscard]] precision_recall precision_recall_curve(std::span<const double> scores,
                                                      std::span<const std::uint8_t> labels);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using precision_recall [[deprecated("groundglass::statistics::precision_recall")]] =
    statistics::precision_recall;
using statistics::precision_recall_curve;
using precision_recall_point [[deprecated("groundglass::statistics::precision_recall_point")]] =
    statistics::precision_recall_point;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/precision_recall.hpp>
#endif
