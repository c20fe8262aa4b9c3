#pragma once

#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/bootstrap.hpp>
#include <groundglass/statistics/bounds.hpp>
#include <groundglass/statistics/estimate.hpp>
#include <groundglass/statistics/roc.hpp>

#include <cstdint>
#include <span>

namespace groundglass::statistics {

/// Area under the ROC curve: the probability that a positive case scores higher than a negative one, ties
/// counted half (Mann and Whitney's U over the number of pairs).
///
/// `labels` are 0 and 1, a higher score speaks for 1. Throws `std::invalid_argument` as `roc_curve` does.
/// O(n log n).
[[nodiscard]] double auc(std::span<const double> scores, std::span<const std::uint8_t> labels);

/// The area with DeLong's normal interval, cut at 0 and 1 (DeLong, DeLong and Clarke-Pearson 1988,
/// doi:10.2307/2531595; by midranks as Sun and Xu 2014, doi:10.1109/LSP.2014.2337313). Where the classes are
/// parted without an overlap the variance is 0 and the interval a point: it says nothing then about how few
/// cases there were.
///
/// Throws as `auc` does, for fewer than two cases of a class, and unless `level` lies between 0 and 1.
/// O(n log n).
[[nodiscard]] estimate auc_delong(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                  double level = 0.95);

/// The area with the percentile interval of resamples that keep the number of cases of either class.
///
/// Throws as `auc` does, for resamples outside 1..10000000, and unless `options.level` lies between 0 and 1.
/// One sort, then O(n) a resample.
[[nodiscard]] estimate auc_bootstrap(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                     const bootstrap_options& options = {});

/// Two areas over the same cases.
struct auc_comparison {
    double first = 0;
    double second = 0;
    double difference = 0; ///< first - second
    bounds interval;       ///< of the difference
    double z = 0;
    double p_value = 0; ///< two-sided, of no difference
};

/// DeLong's test of two scores of the same cases. Where the difference has no variance `z` is 0 for equal
/// areas, else infinite.
///
/// Throws as `auc_delong` does, for either score. O(n log n).
[[nodiscard]] auc_comparison compare_auc(std::span<const double> first, std::span<const double> second,
                                         std::span<const std::uint8_t> labels, double level = 0.95);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using statistics::auc;
using statistics::auc_bootstrap;
using auc_comparison [[deprecated("groundglass::statistics::auc_comparison")]] = statistics::auc_comparison;
using statistics::auc_delong;
using statistics::compare_auc;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/auc.hpp>
#endif
