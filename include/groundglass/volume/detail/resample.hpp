#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/resample.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace groundglass::volume {

GROUNDGLASS_INLINE cell_row centred_cells(const cell_row& cells, double step_mm, std::size_t most) {
    if (!(step_mm > 0)) throw std::invalid_argument("centred_cells: the step must be positive");
    const double length = cells.step_mm * static_cast<double>(cells.count);
    const auto count = std::max<std::size_t>(1, whole_up_to(std::floor(length / step_mm + 0.5), most));
    const double middle = 0.5 * (cells.begin_mm + cells.end_mm());
    return {middle - 0.5 * step_mm * static_cast<double>(count), step_mm, count};
}

GROUNDGLASS_INLINE axis_weights::axis_weights(std::size_t source, const std::vector<cell>& cells)
    : source_(source) {
    for (const auto& found : cells) taps_ = std::max(taps_, found.weights.size());
    weights_.assign(cells.size() * taps_, 0.0F);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const auto& [first, weights] = cells[i];
        // Every cell has as many weights, so one at the far end starts earlier.
        first_.push_back(std::min(first, source - taps_));
        const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
        for (std::size_t k = 0; k < weights.size(); ++k)
            weights_[i * taps_ + first - first_[i] + k] = static_cast<float>(weights[k] / sum);
    }
}

GROUNDGLASS_INLINE axis_weights::cell axis_weights::between_centres(const cell_row& source, double at_mm) {
    const double place = std::clamp((at_mm - source.begin_mm) / source.step_mm - 0.5, 0.0,
                                    static_cast<double>(source.count - 1));
    const auto first = whole_up_to(place, source.count - 1);
    const double beyond = place - static_cast<double>(first);
    if (!(beyond > 0)) return {first, {1.0}};
    return {first, {1 - beyond, beyond}};
}

GROUNDGLASS_INLINE axis_weights axis_weights::linear(const cell_row& source, const cell_row& target) {
    if (source.count == 0 || target.count == 0) throw std::invalid_argument("axis_weights: a row is empty");
    std::vector<cell> cells;
    for (std::size_t i = 0; i < target.count; ++i)
        cells.push_back(between_centres(source, target.centre_mm(static_cast<double>(i))));
    return {source.count, cells};
}

GROUNDGLASS_INLINE axis_weights axis_weights::mean(const cell_row& source, const cell_row& target) {
    if (source.step_mm >= target.step_mm) return linear(source, target);
    if (source.count == 0 || target.count == 0) throw std::invalid_argument("axis_weights: a row is empty");
    std::vector<cell> cells;
    for (std::size_t i = 0; i < target.count; ++i) {
        const auto edge = [&](std::size_t k) {
            return std::clamp((target.begin_mm - source.begin_mm + target.step_mm * static_cast<double>(k)) /
                                  source.step_mm,
                              0.0, static_cast<double>(source.count));
        };
        const double begin = edge(i);
        const double end = edge(i + 1);
        cell found{whole_up_to(begin, source.count - 1), {}};
        for (std::size_t k = found.first; k < source.count && static_cast<double>(k) < end; ++k)
            found.weights.push_back(std::min(end, static_cast<double>(k + 1)) -
                                    std::max(begin, static_cast<double>(k)));
        // Beyond the source there is its end cell alone.
        if (!(end - begin > 1e-9)) found = {begin > 0 ? source.count - 1 : 0, {1.0}};
        cells.push_back(found);
    }
    return {source.count, cells};
}

} // namespace groundglass::volume
