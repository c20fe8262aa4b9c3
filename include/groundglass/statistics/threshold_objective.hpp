#pragma once

#include <groundglass/statistics/ordered_cuts.hpp>

#include <cstddef>
#include <vector>

namespace groundglass::statistics {

/// What fitted thresholds shall be best at.
enum class threshold_goal {
    mean_recall,     ///< mean over classes of the share of its patients put into it ("balanced accuracy")
    accuracy,        ///< share of all patients put into their class
    linear_kappa,    ///< Cohen's kappa with weights by the distance of classes
    quadratic_kappa, ///< and by its square
    cost             ///< mean cost by a matrix; the only one that is made small
};

/// Patients of each true class by the class they were put into: `confusion[truth][assigned]`.
using class_table = std::vector<std::vector<std::size_t>>;

/// A goal over classes of given frequency: its value for a table of assignments, and its best cuts.
class threshold_objective {
public:
    /// `prevalence` are the classes' shares where the thresholds will be used, of any positive sum; empty:
    /// equal for `mean_recall`, else as in the cohort of `patients`. `costs[truth][assigned]` belong to
    /// `cost` alone. Shares and costs may be of any magnitude. Throws `std::invalid_argument` for fewer than
    /// 2 or more than 1000 classes, a class without a patient, shares that are not positive, not one a class
    /// or nothing beside another (below 1e-300 of it), and costs that are negative, infinite or not one a
    /// pair of classes.
    threshold_objective(threshold_goal goal, const std::vector<std::size_t>& patients,
                        std::vector<double> prevalence = {},
                        const std::vector<std::vector<double>>& costs = {});

    [[nodiscard]] threshold_goal goal() const { return goal_; }
    /// The classes' shares, with the sum 1.
    [[nodiscard]] const std::vector<double>& prevalence() const { return prevalence_; }

    /// The goal's value for a table of assignments, weighted by the prevalence; NaN where a class has no
    /// patient. Throws `std::invalid_argument` for a table of other classes.
    [[nodiscard]] double value(const class_table& table) const;

    /// The search for the best cuts between `cells`, in which each class has the given number of patients.
    /// Exact: kappa is 1 - N / D with N, the observed, and D, the expected disagreement, both sums over
    /// patients, as the true classes' shares don't depend on the cuts; N - λ D is then made smallest for λ
    /// falling to N / D (Dinkelbach 1967, doi:10.1287/mnsc.13.7.492), a few rounds of the search. Throws
    /// `std::invalid_argument` for cells of other classes or without a patient of one, and as `ordered_cuts`.
    [[nodiscard]] ordered_cuts search(const ordered_cells& cells, cut_places places) const;

    /// How the cells' patients are assigned by ascending cuts at `places`. Throws `std::invalid_argument` for
    /// cells as `check` does and unless there is one cut less than classes.
    [[nodiscard]] static class_table table_of(const ordered_cells& cells,
                                              const std::vector<std::size_t>& places);

    static constexpr std::size_t most_classes = 1000;

private:
    /// Observed over expected disagreement.
    [[nodiscard]] double disagreement(const class_table& table) const;

    threshold_goal goal_;
    std::size_t classes_;
    std::vector<double> prevalence_;
    assignment_gain worth_; // of one assignment; costs by a power of two in 0..1
    double highest_cost_ = 0;
    int cost_exponent_ = 0;
    std::vector<double> expected_; // disagreement of each assigned class with a patient drawn by chance
};

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using class_table [[deprecated("groundglass::statistics::class_table")]] = statistics::class_table;
using threshold_goal [[deprecated("groundglass::statistics::threshold_goal")]] = statistics::threshold_goal;
using threshold_objective [[deprecated("groundglass::statistics::threshold_objective")]] =
    statistics::threshold_objective;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/threshold_objective.hpp>
#endif
