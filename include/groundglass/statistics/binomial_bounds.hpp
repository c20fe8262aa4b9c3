#pragma once

#include <groundglass/statistics/bounds.hpp>

#include <span>
#include <vector>

namespace groundglass::statistics {

/// Intervals for a proportion, as compared by Brown, Cai and DasGupta 2001 (doi:10.1214/ss/1009213286).
enum class binomial_method {
    wilson,         ///< Wilson's score interval: covers the level on average, also for few patients
    jeffreys,       ///< quantiles of the posterior under Jeffreys' prior Beta(1/2, 1/2)
    clopper_pearson ///< exact: covers the level at least, hence the widest
};

struct binomial_bounds_options {
    binomial_method method = binomial_method::wilson;
    /// Of the two-sided interval.
    double level = 0.95;
    friend bool operator==(const binomial_bounds_options&, const binomial_bounds_options&) = default;
};

/// The interval of a proportion of which `successes` in `trials` were seen; both may be fractional, as
/// weighted counts are. It always holds successes / trials and lies in 0..1; at 0 and at all it is one-sided.
/// Without trials anything is possible: 0..1. Throws `std::invalid_argument` for a level not between 0 and 1,
/// unless 0 <= successes <= trials, and where the quantiles of the beta distribution (jeffreys,
/// clopper_pearson) are not found: for more than 1e9 trials, or less than one at a level next to 1.
[[nodiscard]] bounds binomial_bounds(double successes, double trials,
                                     const binomial_bounds_options& options = {});

/// The intervals of many proportions. Each pair of counts is worked out once: the quantiles of the beta
/// distribution cost a microsecond each, and a million intervals of a hundred patients hold few different
/// pairs. Throws as above, and for series of different length.
[[nodiscard]] std::vector<bounds> binomial_bounds(std::span<const double> successes,
                                                  std::span<const double> trials,
                                                  const binomial_bounds_options& options = {});

/// Likewise, into `lower` and `upper`, which are as long.
void binomial_bounds(std::span<const double> successes, std::span<const double> trials,
                     std::span<double> lower, std::span<double> upper,
                     const binomial_bounds_options& options = {});

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using statistics::binomial_bounds;
using binomial_bounds_options [[deprecated("groundglass::statistics::binomial_bounds_options")]] =
    statistics::binomial_bounds_options;
using binomial_method [[deprecated("groundglass::statistics::binomial_method")]] =
    statistics::binomial_method;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/binomial_bounds.hpp>
#endif
