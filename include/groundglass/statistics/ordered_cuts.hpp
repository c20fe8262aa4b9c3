#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::statistics {

/// Patients of several ordered classes, gathered in cells of ascending value.
struct ordered_cells {
    std::size_t classes = 0;
    /// `counts[cell * classes + class]`.
    std::vector<std::uint32_t> counts;
    [[nodiscard]] std::size_t size() const { return classes == 0 ? 0 : counts.size() / classes; }
};

/// Throws `std::invalid_argument` for no classes and for counts that are not one a class in every cell.
void check(const ordered_cells& cells);

/// What it is worth to put a patient of class `truth` into class `assigned`. Access throws
/// `std::invalid_argument` for a class that is not below `classes`.
class assignment_gain {
public:
    /// Row after row; all worth nothing without values. Throws `std::invalid_argument` for another number of
    /// values than pairs of classes.
    explicit assignment_gain(std::size_t classes, std::vector<double> values = {});
    [[nodiscard]] std::size_t classes() const { return classes_; }
    [[nodiscard]] double operator()(std::size_t truth, std::size_t assigned) const {
        return values_[place(truth, assigned)];
    }
    [[nodiscard]] double& operator()(std::size_t truth, std::size_t assigned) {
        return values_[place(truth, assigned)];
    }

private:
    [[nodiscard]] std::size_t place(std::size_t truth, std::size_t assigned) const {
        if (truth >= classes_ || assigned >= classes_)
            throw std::invalid_argument("assignment_gain: class " +
                                        std::to_string(std::max(truth, assigned)) + " is not one of " +
                                        std::to_string(classes_) + ", numbered from 0");
        return truth * classes_ + assigned;
    }

    std::size_t classes_;
    std::vector<double> values_;
};

/// The places where ascending cuts may lie: `place` cells are below a cut.
struct cut_places {
    std::size_t first = 0;
    std::size_t last = 0;
};

/// The best ascending cuts between the cells of ordered classes, exactly and for any number of classes.
///
/// The total gain is a sum over patients, so it splits into one function of each cut plus a constant, gⱼ(p)
/// being what the p lowest cells gain by lying below cut j. The maximum over p₁ ≤ p₂ ≤ … is a running maximum
/// for each cut: O(cells · classes²) time, O(cells · classes) memory. Gains equal to within 1e-12 of the
/// largest possible total count as equal, since sums of such terms are rounded.
class ordered_cuts {
public:
    /// `places` bounds where cuts may lie; `{0, cells.size()}` is everywhere. `cells` outlives the object.
    /// Throws `std::invalid_argument` for cells as `check` does, for gains of other classes, and for places
    /// beyond the cells or in the wrong order.
    ordered_cuts(const ordered_cells& cells, const assignment_gain& gain, cut_places places);

    /// The largest total gain.
    [[nodiscard]] double total() const { return from(0, places_.first) + constant_; }

    /// The places of the best cuts; among equally good ones those with the lowest first cut, then the lowest
    /// second, and so on.
    [[nodiscard]] std::vector<std::size_t> places() const;

    /// For each cut all places at which it stands in some best set of cuts, ascending.
    [[nodiscard]] std::vector<std::vector<std::size_t>> all_places() const;

    /// Calls `take` with each set of best places, in lexicographic order, until it returns false.
    template <class Take>
    void each_best(Take take) const {
        std::vector<std::uint64_t> below(cells_.classes);
        for (std::size_t cell = 0; cell < places_.first; ++cell) add(below, cell);
        std::vector<std::size_t> places;
        descend(places, places_.first, below, 0.0, take);
    }

private:
    void add(std::vector<std::uint64_t>& below, std::size_t cell) const {
        for (std::size_t c = 0; c < cells_.classes; ++c) below[c] += cells_.counts[cell * cells_.classes + c];
    }
    void remove(std::vector<std::uint64_t>& below, std::size_t cell) const {
        for (std::size_t c = 0; c < cells_.classes; ++c) below[c] -= cells_.counts[cell * cells_.classes + c];
    }
    [[nodiscard]] double share(std::size_t cut, const std::vector<std::uint64_t>& below) const {
        double sum = 0;
        for (std::size_t c = 0; c < cells_.classes; ++c)
            sum += slope_[cut * cells_.classes + c] * static_cast<double>(below[c]);
        return sum;
    }
    /// The best share of the cuts from `cut` on, all at `place` or above; 0 behind the last.
    [[nodiscard]] double from(std::size_t cut, std::size_t place) const {
        return best_[place * cells_.classes + cut];
    }
    [[nodiscard]] double& from(std::size_t cut, std::size_t place) {
        return best_[place * cells_.classes + cut];
    }

    template <class Take>
    bool descend(std::vector<std::size_t>& places, std::size_t place, std::vector<std::uint64_t> below,
                 double so_far, Take& take) const {
        const std::size_t cut = places.size();
        if (cut == cuts_) return take(places);
        for (; place <= places_.last; ++place) {
            const double here = so_far + share(cut, below);
            if (here + from(cut + 1, place) >= from(0, places_.first) - tolerance_) {
                places.push_back(place);
                const bool more = descend(places, place, below, here, take);
                places.pop_back();
                if (!more) return false;
            }
            if (so_far + from(cut, place) < from(0, places_.first) - tolerance_) break;
            if (place < cells_.size()) add(below, place);
        }
        return true;
    }

    const ordered_cells& cells_;
    cut_places places_;
    std::size_t cuts_;
    std::vector<double> slope_; // of each cut's share by the count of each class below it
    std::vector<double> best_;
    double constant_ = 0; // the gain with all patients in the last class
    double tolerance_ = 0;
};

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using assignment_gain [[deprecated("groundglass::statistics::assignment_gain")]] =
    statistics::assignment_gain;
using statistics::check;
using cut_places [[deprecated("groundglass::statistics::cut_places")]] = statistics::cut_places;
using ordered_cells [[deprecated("groundglass::statistics::ordered_cells")]] = statistics::ordered_cells;
using ordered_cuts [[deprecated("groundglass::statistics::ordered_cuts")]] = statistics::ordered_cuts;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/ordered_cuts.hpp>
#endif
