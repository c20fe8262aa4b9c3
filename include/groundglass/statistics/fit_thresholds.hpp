#pragma once

#include <groundglass/statistics/cohort.hpp>
#include <groundglass/statistics/threshold_fit.hpp>
#include <groundglass/statistics/threshold_objective.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace groundglass::statistics {

/// Where in the gap between two neighbouring values a cut is put.
enum class cut_rule {
    midpoint, ///< halfway: as far from both neighbours as can be
    observed  ///< on the upper neighbour: any ascending transform of the values moves the cuts with it
};

struct fit_thresholds_options {
    /// Names from the lowest to the highest values; empty: the numbers of the classes.
    std::vector<std::string> classes = {};
    threshold_goal goal = threshold_goal::mean_recall;
    /// Shares of the classes where the thresholds will be used; empty: equal for `mean_recall`, else the
    /// cohort's.
    std::vector<double> prevalence = {};
    /// `costs[truth][assigned]`, for the goal `cost`.
    std::vector<std::vector<double>> costs = {};
    cut_rule cut = cut_rule::midpoint;
    /// n: cuts are sought among 0, 1/n, …, (n-1)/n only; none: among all real numbers.
    std::optional<std::size_t> grid = std::nullopt;

    /// The published fit (Timothy102/covid-ct): mean recall on a grid of 0.001.
    [[nodiscard]] static fit_thresholds_options compatible();
    friend bool operator==(const fit_thresholds_options&, const fit_thresholds_options&) = default;
};

/// The cuts that put ordered classes apart best by one value: `auto fit = fit_thresholds(fractions, classes);
/// fit(0.04)`. `classes[i]` is the place of patient i's class in their order, from 0.
///
/// Exact over all real cuts, in O(n log n) for a given number of classes; on a grid O(n + grid). Among
/// equally good cuts those with the lowest first cut are taken, then the lowest second, and so on; within the
/// gap between two values `cut` decides. A cut that leaves no patient below is the lowest value, one that
/// leaves none above the next double after the highest.
///
/// Throws `std::invalid_argument` for what `check_cohort` and `threshold_objective` reject, for classes that
/// are not named or have no patient, for more than 1000 of them, and for a grid outside 2..1000000.
[[nodiscard]] threshold_fit fit_thresholds(std::span<const double> values,
                                           std::span<const std::size_t> classes,
                                           const fit_thresholds_options& options = {});

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using cut_rule [[deprecated("groundglass::statistics::cut_rule")]] = statistics::cut_rule;
using statistics::fit_thresholds;
using fit_thresholds_options [[deprecated("groundglass::statistics::fit_thresholds_options")]] =
    statistics::fit_thresholds_options;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/fit_thresholds.hpp>
#endif
