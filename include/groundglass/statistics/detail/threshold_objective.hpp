#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/ordered_cuts.hpp>
#include <groundglass/statistics/threshold_objective.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::statistics {

namespace detail {

/// How many classes there are, if they can be told apart.
[[nodiscard]] inline std::size_t checked_classes(std::size_t classes) {
    if (classes < 2 || classes > threshold_objective::most_classes)
        throw std::invalid_argument("fit_thresholds: 2 to 1000 classes are needed, found " +
                                    std::to_string(classes));
    return classes;
}

inline void check_objective(threshold_goal goal, const std::vector<std::size_t>& patients,
                            const std::vector<double>& prevalence,
                            const std::vector<std::vector<double>>& costs) {
    const std::size_t classes = patients.size();
    const std::string who = "fit_thresholds: ";
    for (std::size_t c = 0; c < classes; ++c)
        if (patients[c] == 0)
            throw std::invalid_argument(who + "class " + std::to_string(c) + " has no patient");
    if (!prevalence.empty() && prevalence.size() != classes)
        throw std::invalid_argument(who + "prevalence needs a share for each of " + std::to_string(classes) +
                                    " classes, found " + std::to_string(prevalence.size()));
    for (double share : prevalence)
        if (!(share > 0) || !std::isfinite(share))
            throw std::invalid_argument(who + "prevalence must be above 0, found " + std::to_string(share));
    if (goal != threshold_goal::cost) {
        if (!costs.empty()) throw std::invalid_argument(who + "costs belong to the goal cost");
        return;
    }
    bool square = costs.size() == classes;
    for (const auto& row : costs) square = square && row.size() == classes;
    if (!square)
        throw std::invalid_argument(who + "costs need " + std::to_string(classes) + " rows and columns");
    for (const auto& row : costs)
        for (double cost : row)
            if (!(cost >= 0) || !std::isfinite(cost))
                throw std::invalid_argument(who + "costs must be 0 or more, found " + shown(cost));
}

/// Of one assignment, by every goal but the cost.
[[nodiscard]] inline double worth(threshold_goal goal, std::size_t classes, std::size_t truth,
                                  std::size_t assigned) {
    const auto steps = static_cast<double>(truth > assigned ? truth - assigned : assigned - truth);
    const auto most = static_cast<double>(classes - 1);
    if (goal == threshold_goal::linear_kappa) return -steps / most;
    if (goal == threshold_goal::quadratic_kappa) return -(steps * steps) / (most * most);
    return truth == assigned ? 1 : 0;
}

/// Calls `take(truth, assigned, share of the population)`.
template <class Take>
void each_share(const class_table& table, const std::vector<double>& prevalence, Take take) {
    for (std::size_t c = 0; c < table.size(); ++c) {
        const auto patients =
            static_cast<double>(std::accumulate(table[c].begin(), table[c].end(), std::size_t{0}));
        for (std::size_t j = 0; j < table.size(); ++j)
            take(c, j, prevalence[c] * (static_cast<double>(table[c][j]) / patients));
    }
}

} // namespace detail

GROUNDGLASS_INLINE threshold_objective::threshold_objective(threshold_goal goal,
                                                            const std::vector<std::size_t>& patients,
                                                            std::vector<double> prevalence,
                                                            const std::vector<std::vector<double>>& costs)
    : goal_(goal), classes_(patients.size()), prevalence_(std::move(prevalence)),
      worth_(detail::checked_classes(patients.size())) {
    detail::check_objective(goal, patients, prevalence_, costs);
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
            worth_(c, j) = goal == threshold_goal::cost ? -std::scalbn(costs[c][j], -cost_exponent_)
                                                        : detail::worth(goal, classes_, c, j);
    expected_.resize(classes_);
    for (std::size_t j = 0; j < classes_; ++j)
        for (std::size_t c = 0; c < classes_; ++c) expected_[j] -= prevalence_[c] * worth_(c, j);
}

GROUNDGLASS_INLINE double threshold_objective::value(const class_table& table) const {
    bool square = table.size() == classes_;
    for (const auto& row : table) square = square && row.size() == classes_;
    if (!square)
        throw std::invalid_argument("threshold_objective: a table of " + std::to_string(classes_) +
                                    " rows and columns is needed");
    if (goal_ == threshold_goal::linear_kappa || goal_ == threshold_goal::quadratic_kappa)
        return 1 - disagreement(table);
    double sum = 0;
    detail::each_share(table, prevalence_,
                       [&](std::size_t c, std::size_t j, double share) { sum += share * worth_(c, j); });
    // A mean of costs is no more than the highest, which rounding must not carry beyond the largest
    // double.
    return goal_ == threshold_goal::cost ? std::min(std::scalbn(-sum, cost_exponent_), highest_cost_) : sum;
}

GROUNDGLASS_INLINE ordered_cuts threshold_objective::search(const ordered_cells& cells,
                                                            cut_places places) const {
    check(cells);
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

GROUNDGLASS_INLINE class_table threshold_objective::table_of(const ordered_cells& cells,
                                                             const std::vector<std::size_t>& places) {
    check(cells);
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

GROUNDGLASS_INLINE double threshold_objective::disagreement(const class_table& table) const {
    double observed = 0, expected = 0;
    detail::each_share(table, prevalence_, [&](std::size_t c, std::size_t j, double share) {
        observed -= share * worth_(c, j);
        expected += share * expected_[j];
    });
    return observed / expected;
}

} // namespace groundglass::statistics
