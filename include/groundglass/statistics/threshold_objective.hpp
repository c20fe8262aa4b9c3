#pragma once

#include <groundglass/error.hpp>
#include <groundglass/statistics/ordered_cuts.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
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
                        const std::vector<std::vector<double>>& costs = {})
        : goal_(goal), classes_(patients.size()), prevalence_(std::move(prevalence)),
          worth_(checked(patients.size())) {
        check(patients, costs);
        if (prevalence_.empty())
            for (std::size_t n : patients)
                prevalence_.push_back(goal == threshold_goal::mean_recall ? 1.0 : static_cast<double>(n));
        // By the largest first: neither the sum nor a product of shares and costs may overflow or vanish.
        const double largest = *std::max_element(prevalence_.begin(), prevalence_.end());
        for (double& share : prevalence_) {
            if (!(share / largest >= 1e-300))
                throw std::invalid_argument("fit_thresholds: a prevalence of " + shown(share) +
                                            " is nothing beside " + shown(largest));
            share /= largest;
        }
        const double sum = std::accumulate(prevalence_.begin(), prevalence_.end(), 0.0);
        for (double& share : prevalence_) share /= sum;
        for (const auto& row : costs)
            for (const double cost : row) highest_cost_ = std::max(highest_cost_, cost);
        cost_exponent_ = highest_cost_ > 0 ? std::ilogb(highest_cost_) + 1 : 0;
        for (std::size_t c = 0; c < classes_; ++c)
            for (std::size_t j = 0; j < classes_; ++j)
                worth_(c, j) =
                    goal == threshold_goal::cost ? -std::scalbn(costs[c][j], -cost_exponent_) : worth(c, j);
        expected_.resize(classes_);
        for (std::size_t j = 0; j < classes_; ++j)
            for (std::size_t c = 0; c < classes_; ++c) expected_[j] -= prevalence_[c] * worth_(c, j);
    }

    [[nodiscard]] threshold_goal goal() const { return goal_; }
    /// The classes' shares, with the sum 1.
    [[nodiscard]] const std::vector<double>& prevalence() const { return prevalence_; }

    /// The goal's value for a table of assignments, weighted by the prevalence; NaN where a class has no
    /// patient. Throws `std::invalid_argument` for a table of other classes.
    [[nodiscard]] double value(const class_table& table) const {
        bool square = table.size() == classes_;
        for (const auto& row : table) square = square && row.size() == classes_;
        if (!square)
            throw std::invalid_argument("threshold_objective: a table of " + std::to_string(classes_) +
                                        " rows and columns is needed");
        if (goal_ == threshold_goal::linear_kappa || goal_ == threshold_goal::quadratic_kappa)
            return 1 - disagreement(table);
        double sum = 0;
        each_share(table, [&](std::size_t c, std::size_t j, double share) { sum += share * worth_(c, j); });
        // A mean of costs is no more than the highest, which rounding must not carry beyond the largest
        // double.
        return goal_ == threshold_goal::cost ? std::min(std::scalbn(-sum, cost_exponent_), highest_cost_)
                                             : sum;
    }

    /// The search for the best cuts between `cells`, in which each class has the given number of patients.
    /// Exact: kappa is 1 - N / D with N, the observed, and D, the expected disagreement, both sums over
    /// patients, as the true classes' shares don't depend on the cuts; N - λ D is then made smallest for λ
    /// falling to N / D (Dinkelbach 1967, doi:10.1287/mnsc.13.7.492), a few rounds of the search. Throws
    /// `std::invalid_argument` for cells of other classes or without a patient of one, and as `ordered_cuts`.
    [[nodiscard]] ordered_cuts search(const ordered_cells& cells, cut_places places) const {
        statistics::check(cells);
        if (cells.classes != classes_)
            throw std::invalid_argument("threshold_objective: cells of " + std::to_string(classes_) +
                                        " classes are needed, found " + std::to_string(cells.classes));
        std::vector<double> weight(prevalence_); // of one patient
        std::vector<std::size_t> patients(classes_);
        for (std::size_t i = 0; i < cells.counts.size(); ++i) patients[i % classes_] += cells.counts[i];
        for (std::size_t c = 0; c < classes_; ++c) {
            if (patients[c] == 0)
                throw std::invalid_argument("threshold_objective: class " + std::to_string(c) +
                                            " has no patient in the cells");
            weight[c] /= static_cast<double>(patients[c]);
        }

        const bool ratio = goal_ == threshold_goal::linear_kappa || goal_ == threshold_goal::quadratic_kappa;
        for (double lambda = ratio ? 1.0 : 0.0;;) {
            assignment_gain gain = worth_;
            for (std::size_t c = 0; c < classes_; ++c)
                for (std::size_t j = 0; j < classes_; ++j)
                    gain(c, j) = weight[c] * (worth_(c, j) + lambda * expected_[j]);
            ordered_cuts found(cells, gain, places);
            if (!ratio) return found;
            const double next = disagreement(table_of(cells, found.places()));
            if (!(next < lambda - 1e-14)) return found;
            lambda = next;
        }
    }

    /// How the cells' patients are assigned by ascending cuts at `places`. Throws `std::invalid_argument` for
    /// cells as `check` does and unless there is one cut less than classes.
    [[nodiscard]] static class_table table_of(const ordered_cells& cells,
                                              const std::vector<std::size_t>& places) {
        statistics::check(cells);
        if (places.size() + 1 != cells.classes)
            throw std::invalid_argument("threshold_objective: " + std::to_string(cells.classes) +
                                        " classes have one cut less, found " + std::to_string(places.size()));
        class_table table(cells.classes, std::vector<std::size_t>(cells.classes));
        std::size_t assigned = 0;
        for (std::size_t cell = 0; cell < cells.size(); ++cell) {
            while (assigned < places.size() && places[assigned] <= cell) ++assigned;
            for (std::size_t c = 0; c < cells.classes; ++c)
                table[c][assigned] += cells.counts[cell * cells.classes + c];
        }
        return table;
    }

    static constexpr std::size_t most_classes = 1000;

private:
    static std::size_t checked(std::size_t classes) {
        if (classes < 2 || classes > most_classes)
            throw std::invalid_argument("fit_thresholds: 2 to 1000 classes are needed, found " +
                                        std::to_string(classes));
        return classes;
    }

    void check(const std::vector<std::size_t>& patients,
               const std::vector<std::vector<double>>& costs) const {
        const std::string who = "fit_thresholds: ";
        for (std::size_t c = 0; c < classes_; ++c)
            if (patients[c] == 0)
                throw std::invalid_argument(who + "class " + std::to_string(c) + " has no patient");
        if (!prevalence_.empty() && prevalence_.size() != classes_)
            throw std::invalid_argument(who + "prevalence needs a share for each of " +
                                        std::to_string(classes_) + " classes, found " +
                                        std::to_string(prevalence_.size()));
        for (double share : prevalence_)
            if (!(share > 0) || !std::isfinite(share))
                throw std::invalid_argument(who + "prevalence must be above 0, found " +
                                            std::to_string(share));
        if (goal_ != threshold_goal::cost) {
            if (!costs.empty()) throw std::invalid_argument(who + "costs belong to the goal cost");
            return;
        }
        bool square = costs.size() == classes_;
        for (const auto& row : costs) square = square && row.size() == classes_;
        if (!square)
            throw std::invalid_argument(who + "costs need " + std::to_string(classes_) + " rows and columns");
        for (const auto& row : costs)
            for (double cost : row)
                if (!(cost >= 0) || !std::isfinite(cost))
                    throw std::invalid_argument(who + "costs must be 0 or more, found " + shown(cost));
    }

    [[nodiscard]] double worth(std::size_t truth, std::size_t assigned) const {
        const double steps = static_cast<double>(truth > assigned ? truth - assigned : assigned - truth);
        const double most = static_cast<double>(classes_ - 1);
        if (goal_ == threshold_goal::linear_kappa) return -steps / most;
        if (goal_ == threshold_goal::quadratic_kappa) return -(steps * steps) / (most * most);
        return truth == assigned ? 1 : 0;
    }

    /// Calls `take(truth, assigned, share of the population)`.
    template <class Take>
    void each_share(const class_table& table, Take take) const {
        for (std::size_t c = 0; c < classes_; ++c) {
            const double patients =
                static_cast<double>(std::accumulate(table[c].begin(), table[c].end(), std::size_t{0}));
            for (std::size_t j = 0; j < classes_; ++j)
                take(c, j, prevalence_[c] * (static_cast<double>(table[c][j]) / patients));
        }
    }

    /// Observed over expected disagreement.
    [[nodiscard]] double disagreement(const class_table& table) const {
        double observed = 0, expected = 0;
        each_share(table, [&](std::size_t c, std::size_t j, double share) {
            observed -= share * worth_(c, j);
            expected += share * expected_[j];
        });
        return observed / expected;
    }

    threshold_goal goal_;
    std::size_t classes_;
    std::vector<double> prevalence_;
    assignment_gain worth_; // of one assignment; costs by a power of two in 0..1
    double highest_cost_ = 0;
    int cost_exponent_ = 0;
    std::vector<double> expected_; // disagreement of each assigned class with a patient drawn by chance
};

} // namespace groundglass::statistics
