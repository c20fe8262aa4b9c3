#pragma once

#include <groundglass/statistics/fit_thresholds.hpp>
#include <groundglass/statistics/threshold_objective.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace groundglass::statistics {

/// The objective of a threshold fit over all places of its cuts, not at the best alone: what a picture of the
/// fit shows.
class threshold_surface {
public:
    /// Takes what `fit_thresholds` took, of which `cut` and `grid` play no part, and throws as it does.
    /// O(n log n).
    threshold_surface(std::span<const double> values, std::span<const std::size_t> classes,
                      const fit_thresholds_options& options = {});

    /// The goal's value where `cuts` put the patients into classes; a value equal to a cut belongs to the
    /// upper class. At the cuts of a fit it is the fit's objective. NaN where the cuts descend. Throws
    /// `std::invalid_argument` unless there is one cut less than classes. O(classes² log n).
    [[nodiscard]] double operator()(std::span<const double> cuts) const;

    [[nodiscard]] const threshold_objective& objective() const { return objective_; }

private:
    threshold_objective objective_;
    std::vector<std::vector<double>> groups_; // the ascending values of each class
};

} // namespace groundglass::statistics

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/threshold_surface.hpp>
#endif
