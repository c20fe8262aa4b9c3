#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/ordered_cuts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::statistics {

GROUNDGLASS_INLINE void check(const ordered_cells& cells) {
    if (cells.classes == 0 || cells.counts.size() % cells.classes != 0)
        throw std::invalid_argument("ordered_cells: " + std::to_string(cells.counts.size()) +
                                    " counts are not one for each of " + std::to_string(cells.classes) +
                                    " classes in every cell");
}

GROUNDGLASS_INLINE assignment_gain::assignment_gain(std::size_t classes, std::vector<double> values)
    : classes_(classes), values_(std::move(values)) {
    if (values_.empty()) values_.resize(classes * classes);
    if (classes > 0xffff || values_.size() != classes * classes)
        throw std::invalid_argument("assignment_gain: " + std::to_string(values_.size()) +
                                    " values are not one for each pair of " + std::to_string(classes) +
                                    " classes");
}

GROUNDGLASS_INLINE ordered_cuts::ordered_cuts(const ordered_cells& cells, const assignment_gain& gain,
                                              cut_places places)
    : cells_((check(cells), cells)), places_(places), cuts_(cells.classes - 1), slope_(cuts_ * cells.classes),
      best_(cells.classes * (cells.size() + 1)) {
    if (gain.classes() != cells.classes)
        throw std::invalid_argument("ordered_cuts: gains of " + std::to_string(gain.classes()) +
                                    " classes for cells of " + std::to_string(cells.classes));
    if (places.first > places.last || places.last > cells.size())
        throw std::invalid_argument("ordered_cuts: places from " + std::to_string(places.first) + " to " +
                                    std::to_string(places.last) + " do not lie within 0.." +
                                    std::to_string(cells.size()));
    std::vector<std::uint64_t> below(cells.classes);
    for (std::size_t cell = 0; cell < cells.size(); ++cell) add(below, cell);
    double largest = 0;
    for (std::size_t c = 0; c < cells.classes; ++c) {
        double worth = 0;
        for (std::size_t j = 0; j < cells.classes; ++j) worth = std::max(worth, std::abs(gain(c, j)));
        largest += worth * static_cast<double>(below[c]);
        constant_ += gain(c, cells.classes - 1) * static_cast<double>(below[c]);
        for (std::size_t j = 0; j < cuts_; ++j) slope_[j * cells.classes + c] = gain(c, j) - gain(c, j + 1);
    }
    tolerance_ = 1e-12 * largest;

    constexpr double none = -std::numeric_limits<double>::infinity();
    for (std::size_t place = cells.size() + 1; place-- > 0;) {
        if (place < cells.size()) remove(below, place);
        const bool allowed = place >= places_.first && place <= places_.last;
        for (std::size_t j = cuts_; j-- > 0;) {
            const double here = allowed ? share(j, below) + from(j + 1, place) : none;
            from(j, place) = place < cells.size() ? std::max(here, from(j, place + 1)) : here;
        }
    }
}

GROUNDGLASS_INLINE std::vector<std::size_t> ordered_cuts::places() const {
    std::vector<std::size_t> found;
    std::vector<std::uint64_t> below(cells_.classes);
    std::size_t place = places_.first;
    for (std::size_t cell = 0; cell < place; ++cell) add(below, cell);
    for (std::size_t j = 0; j < cuts_; ++j) {
        const double target = from(j, place) - tolerance_;
        while (share(j, below) + from(j + 1, place) < target) add(below, place++);
        found.push_back(place);
    }
    return found;
}

GROUNDGLASS_INLINE std::vector<std::vector<std::size_t>> ordered_cuts::all_places() const {
    std::vector<std::vector<std::size_t>> found(cuts_);
    std::vector<std::uint64_t> below(cells_.classes);
    std::vector<double> before(cuts_ + 1, -std::numeric_limits<double>::infinity());
    before[0] = 0;
    const double target = from(0, places_.first) - tolerance_;
    for (std::size_t cell = 0; cell < places_.first; ++cell) add(below, cell);
    for (std::size_t place = places_.first; place <= places_.last; ++place) {
        // before[j]: the best of the cuts below the j-th, up to this place
        for (std::size_t j = 0; j < cuts_; ++j) {
            const double here = before[j] + share(j, below);
            if (here + from(j + 1, place) >= target) found[j].push_back(place);
            before[j + 1] = std::max(before[j + 1], here);
        }
        if (place < cells_.size()) add(below, place);
    }
    return found;
}

} // namespace groundglass::statistics
