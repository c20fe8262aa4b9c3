#pragma once

#include <groundglass/config.hpp>
#include <groundglass/note.hpp>
#include <groundglass/statistics/bounds.hpp>
#include <groundglass/statistics/cohort.hpp>
#include <groundglass/statistics/fit_thresholds.hpp>
#include <groundglass/statistics/ordered_cuts.hpp>
#include <groundglass/statistics/threshold_fit.hpp>
#include <groundglass/statistics/threshold_objective.hpp>
#include <groundglass/wide.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::statistics {

namespace detail {

/// The patients of each class, of which there are as many as names, or without names as numbers.
[[nodiscard]] inline std::vector<std::size_t> count_classes(std::span<const std::size_t> classes,
                                                            const std::vector<std::string>& names) {
    constexpr std::size_t most_classes = threshold_objective::most_classes;
    const std::size_t named = names.size();
    std::size_t last = 0;
    wide([&] {
        std::size_t most = 0;
        for (const std::size_t c : classes) most = c > most ? c : most;
        last = most;
    });
    if (named > 0 && last >= named)
        throw std::invalid_argument("fit_thresholds: " + std::to_string(named) +
                                    " classes are named, found class " + std::to_string(last) +
                                    "; they are numbered from 0");
    if (std::max(named, std::size_t{1}) > most_classes || last >= most_classes)
        throw std::invalid_argument("fit_thresholds: at most " + std::to_string(most_classes) +
                                    " classes are taken, numbered from 0; found " +
                                    (named > 0 ? std::to_string(named) : "class " + std::to_string(last)));
    const std::size_t all = named > 0 ? named : last + 1;
    if (all < 2) throw std::invalid_argument("fit_thresholds: at least two classes are needed, found 1");
    // Two counts of each class: neighbours are often of one, and adding to it has to wait for the other.
    std::vector<std::size_t> patients(all), more(all);
    for (std::size_t i = 0; i + 1 < classes.size(); i += 2) ++patients[classes[i]], ++more[classes[i + 1]];
    if (classes.size() % 2 == 1) ++patients[classes.back()];
    for (std::size_t c = 0; c < all; ++c) patients[c] += more[c];
    for (std::size_t c = 0; c < all; ++c)
        if (patients[c] == 0)
            throw std::invalid_argument("fit_thresholds: class " +
                                        (named > 0 ? names[c] : std::to_string(c)) + " has no patient");
    return patients;
}

/// A cohort prepared for one or many fits.
class threshold_cohort {
public:
    /// Cells to search, each with the value that its patients share; on a grid with the number of grid points
    /// that are not above them.
    struct gathered {
        ordered_cells cells;
        std::vector<double> keys;
        cut_places places;
    };

    /// `resampled`: patients will be gathered anew, which takes them in order; a single fit on a grid does
    /// not.
    threshold_cohort(std::span<const double> values, std::span<const std::size_t> classes,
                     const fit_thresholds_options& options, bool resampled)
        : remarks_(check_cohort("fit_thresholds", values, classes.size())), options_(options),
          patients_(count_classes(classes, options.classes)),
          objective_(options.goal, patients_, options.prevalence, options.costs) {
        if (options_.classes.empty())
            for (std::size_t c = 0; c < patients_.size(); ++c) options_.classes.push_back(std::to_string(c));
        if (options_.grid) {
            if (*options_.grid < 2 || *options_.grid > 1'000'000)
                throw std::invalid_argument("fit_thresholds: grid must lie in 2..1000000, found " +
                                            std::to_string(*options_.grid));
            for (std::size_t i = 0; i < *options_.grid; ++i)
                grid_.push_back(static_cast<double>(i) / static_cast<double>(*options_.grid));
        }
        if (resampled || !options_.grid) {
            sort(values, classes);
            everyone_ = gather(std::vector<std::uint32_t>(values.size(), 1));
        } else {
            everyone_ = count_on_grid(values, classes);
        }
    }

    /// Ascending, if they were taken in order.
    [[nodiscard]] const std::vector<double>& values() const { return values_; }
    [[nodiscard]] const std::vector<std::size_t>& classes() const { return classes_; }
    [[nodiscard]] const threshold_objective& objective() const { return objective_; }

    /// The cells of a resample with the `i`-th patient in it `times[i]` times.
    [[nodiscard]] gathered gather(std::span<const std::uint32_t> times) const {
        const std::size_t classes = patients_.size();
        gathered result{{classes, {}}, {}, {}};
        auto& counts = result.cells.counts;
        counts.reserve(times.size() * classes);
        for (std::size_t i = 0; i < times.size(); ++i) {
            if (times[i] == 0) continue;
            if (result.keys.empty() || result.keys.back() != keys_[i]) {
                result.keys.push_back(keys_[i]);
                counts.resize(counts.size() + classes);
            }
            counts[counts.size() - classes + classes_[i]] += times[i];
        }
        bound(result);
        return result;
    }

    /// The best places. On a grid of mean recalls of two or three classes the sums of recalls are compared in
    /// double, added in the order of the classes, so that rounding decides between equals as it does in the
    /// published loop.
    [[nodiscard]] std::vector<std::size_t> best_places(const gathered& from,
                                                       const ordered_cuts& search) const {
        const bool published = options_.grid && options_.goal == threshold_goal::mean_recall &&
                               options_.prevalence.empty() && patients_.size() <= 3;
        if (!published) return search.places();
        std::vector<std::size_t> best;
        double most = -1;
        search.each_best([&](const std::vector<std::size_t>& places) {
            const double sum = recall_sum(threshold_objective::table_of(from.cells, places));
            if (sum > most) most = sum, best = places;
            return true;
        });
        return best;
    }

    /// The cut that stands for a place; on a grid the lowest.
    [[nodiscard]] double cut_at(std::size_t place, const gathered& from) const {
        const auto& keys = from.keys;
        if (options_.grid) return grid_[place == 0 ? 0 : static_cast<std::size_t>(keys[place - 1])];
        if (place == 0) return keys.front();
        const double below = keys[place - 1];
        if (place == keys.size()) return std::nextafter(below, std::numeric_limits<double>::infinity());
        const double middle = std::midpoint(below, keys[place]);
        return options_.cut == cut_rule::midpoint && middle > below ? middle : keys[place];
    }

    [[nodiscard]] threshold_fit fit() const {
        const auto& from = everyone_;
        const auto search = objective_.search(from.cells, from.places);
        const auto places = best_places(from, search);
        threshold_fit result;
        for (std::size_t place : places) result.cuts.push_back(cut_at(place, from));
        result.classes = options_.classes;
        result.goal = options_.goal;
        result.confusion = threshold_objective::table_of(from.cells, places);
        result.objective = objective_.value(result.confusion);
        result.balanced_accuracy = recall_sum(result.confusion) / static_cast<double>(patients_.size());
        std::size_t right = 0;
        for (std::size_t c = 0; c < patients_.size(); ++c) {
            right += result.confusion[c][c];
            result.recall.push_back(static_cast<double>(result.confusion[c][c]) /
                                    static_cast<double>(patients_[c]));
        }
        result.accuracy =
            static_cast<double>(right) /
            static_cast<double>(std::accumulate(patients_.begin(), patients_.end(), std::size_t{0}));
        for (const auto& all : search.all_places()) result.plateaus.push_back(plateaus(all, from));
        result.remarks = remarks_;
        for (std::size_t j = 0; j < patients_.size(); ++j)
            if (std::all_of(result.confusion.begin(), result.confusion.end(),
                            [&](const auto& row) { return row[j] == 0; }))
                result.remarks.push_back(
                    {note_level::warning, "class_never_chosen",
                     "No patient is put into class " + options_.classes[j] + " by the best thresholds."});
        return result;
    }

private:
    void sort(std::span<const double> values, std::span<const std::size_t> classes) {
        std::vector<std::pair<double, std::size_t>> both(values.size());
        for (std::size_t i = 0; i < both.size(); ++i) both[i] = {values[i], classes[i]};
        std::sort(both.begin(), both.end());
        for (const auto& [value, c] : both) {
            values_.push_back(value);
            classes_.push_back(c);
            keys_.push_back(options_.grid ? static_cast<double>(grid_cell(value)) : value);
        }
    }

    [[nodiscard]] gathered count_on_grid(std::span<const double> values,
                                         std::span<const std::size_t> classes) const {
        std::vector<std::uint32_t> counts((grid_.size() + 1) * patients_.size());
        for (std::size_t i = 0; i < values.size(); ++i)
            ++counts[grid_cell(values[i]) * patients_.size() + classes[i]];
        gathered result{{patients_.size(), {}}, {}, {}};
        for (std::size_t cell = 0; cell <= grid_.size(); ++cell) {
            const auto first = counts.begin() + static_cast<std::ptrdiff_t>(cell * patients_.size());
            const auto last = first + static_cast<std::ptrdiff_t>(patients_.size());
            if (std::all_of(first, last, [](std::uint32_t n) { return n == 0; })) continue;
            result.cells.counts.insert(result.cells.counts.end(), first, last);
            result.keys.push_back(static_cast<double>(cell));
        }
        bound(result);
        return result;
    }

    /// Real cuts may lie anywhere. On a grid values below 0 are below every cut, those from the last point on
    /// above every one.
    void bound(gathered& cells) const {
        cells.places = {0, cells.keys.size()};
        if (!options_.grid) return;
        if (cells.keys.front() == 0) cells.places.first = 1;
        if (cells.keys.back() == static_cast<double>(grid_.size())) --cells.places.last;
    }

    /// How many grid points are not above the value.
    [[nodiscard]] std::size_t grid_cell(double value) const {
        if (value < 0) return 0;
        const std::size_t last = grid_.size() - 1;
        std::size_t i =
            value >= 1 ? last
                       : std::min(last, static_cast<std::size_t>(value * static_cast<double>(grid_.size())));
        while (i < last && grid_[i + 1] <= value) ++i;
        while (grid_[i] > value) --i;
        return i + 1;
    }

    [[nodiscard]] static double recall_sum(const class_table& table) {
        double sum = 0;
        for (std::size_t c = 0; c < table.size(); ++c)
            sum += static_cast<double>(table[c][c]) /
                   static_cast<double>(std::accumulate(table[c].begin(), table[c].end(), std::size_t{0}));
        return sum;
    }

    [[nodiscard]] std::vector<bounds> plateaus(const std::vector<std::size_t>& places,
                                               const gathered& from) const {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        std::vector<bounds> result;
        for (std::size_t i = 0; i < places.size(); ++i) {
            const std::size_t place = places[i];
            bounds gap{-infinity, infinity};
            if (options_.grid) {
                gap = {cut_at(place, from),
                       grid_[place == from.keys.size() ? grid_.size() - 1
                                                       : static_cast<std::size_t>(from.keys[place]) - 1]};
            } else {
                if (place > 0) gap.lower = from.keys[place - 1];
                if (place < from.keys.size()) gap.upper = from.keys[place];
            }
            if (i > 0 && places[i - 1] + 1 == place)
                result.back().upper = gap.upper;
            else
                result.push_back(gap);
        }
        return result;
    }

    notes remarks_;
    fit_thresholds_options options_;
    std::vector<std::size_t> patients_;
    threshold_objective objective_;
    std::vector<double> grid_;
    std::vector<double> values_;
    std::vector<std::size_t> classes_;
    std::vector<double> keys_;
    gathered everyone_;
};

} // namespace detail

GROUNDGLASS_INLINE fit_thresholds_options fit_thresholds_options::compatible() {
    fit_thresholds_options options;
    options.grid = 1000;
    return options;
}

GROUNDGLASS_INLINE threshold_fit fit_thresholds(std::span<const double> values,
                                                std::span<const std::size_t> classes,
                                                const fit_thresholds_options& options) {
    return detail::threshold_cohort(values, classes, options, false).fit();
}

} // namespace groundglass::statistics
