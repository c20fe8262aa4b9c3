#pragma once

#include <groundglass/note.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/statistics/bounds.hpp>
#include <groundglass/statistics/threshold_objective.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace groundglass::statistics {

/// What `fit_thresholds` found: value → ordered class, with how well that works on the patients it was fitted
/// to. Those figures flatter; `bootstrap_thresholds` says by how much. `thresholds(fit)` of
/// `groundglass/severity/thresholds.hpp` is the same rule as a stage of the patient's flow.
struct threshold_fit : pipeable {
    std::vector<double> cuts;         ///< ascending; a value equal to a cut belongs to the upper class
    std::vector<std::string> classes; ///< one name more, from the lowest to the highest values
    threshold_goal goal = threshold_goal::mean_recall;
    double objective = 0; ///< the goal's value
    double balanced_accuracy = 0;
    double accuracy = 0;
    std::vector<double> recall; ///< of each class: the share of its patients put into it
    class_table confusion;
    /// For each cut the values it can take without loss, if the other cuts are set to suit: each is any value
    /// above `lower` up to `upper` (on a grid: the grid points from `lower` to `upper`). Infinite beyond the
    /// cohort's lowest and highest value.
    std::vector<std::vector<bounds>> plateaus;
    notes remarks;

    /// Index of the class, 0 the lowest. Throws `std::invalid_argument` for NaN.
    [[nodiscard]] std::size_t index(double value) const;
    /// Name of the class. Throws as `index` does, and where there is not one name more than cuts.
    [[nodiscard]] const std::string& operator()(double value) const;

    friend bool operator==(const threshold_fit& a, const threshold_fit& b) {
        return a.cuts == b.cuts && a.classes == b.classes && a.goal == b.goal && a.objective == b.objective &&
               a.confusion == b.confusion && a.plateaus == b.plateaus && a.remarks == b.remarks;
    }
};

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using threshold_fit [[deprecated("groundglass::statistics::threshold_fit")]] = statistics::threshold_fit;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/threshold_fit.hpp>
#endif
