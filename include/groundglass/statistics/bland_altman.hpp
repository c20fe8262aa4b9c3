#pragma once

#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/estimate.hpp>
#include <groundglass/statistics/exact_sum.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace groundglass::statistics {

/// Agreement of two measurements of the same cases, in their own unit.
struct bland_altman {
    std::size_t count = 0;
    estimate bias;        ///< mean of first - second
    double sd = 0;        ///< standard deviation of the differences (n - 1)
    estimate lower_limit; ///< bias - z sd
    estimate upper_limit; ///< bias + z sd; `level` of all differences lie between the limits
    std::vector<double> means;
    std::vector<double> differences;
};

/// Bias and limits of agreement with their intervals (Bland and Altman 1999,
/// doi:10.1177/096228029900800204): t intervals, with the variance sd² (1/n + z² / 2(n - 1)) for a limit.
/// They hold for differences that are near to normal and do not grow with the measurement.
///
/// `level` is both the share of the differences between the limits and that of the intervals. Throws
/// `std::invalid_argument` for spans of different length, values that are not finite, fewer than two cases,
/// differences or limits beyond the largest double, and unless `level` lies between 0 and 1. Exact to
/// rounding for values of any magnitude. O(n).
[[nodiscard]] bland_altman bland_altman_agreement(std::span<const double> first,
                                                  std::span<const double> second, double level = 0.95);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using bland_altman [[deprecated("groundglass::statistics::bland_altman")]] = statistics::bland_altman;
using statistics::bland_altman_agreement;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/bland_altman.hpp>
#endif
