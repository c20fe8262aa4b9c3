#pragma once

#include <groundglass/config.hpp>
#include <groundglass/lungs/lung_plausibility.hpp>
#include <groundglass/volume/label_map.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::lungs {

GROUNDGLASS_INLINE notes assess_lungs(const volume::ct_volume& ct, const array3<std::uint8_t>& lungs,
                                      const lung_plausibility& limits) {
    const auto& grid = ct.grid();
    const auto& shape = grid.shape;
    if (shape_of(lungs) != shape)
        throw std::invalid_argument("assess_lungs: the mask's shape differs from the CT's shape");
    volume::check_lung_labels(flat(lungs), "assess_lungs: the mask holds");
    std::array<std::size_t, 3> voxels{}; // by lung_label
    std::vector<std::size_t> in_slice(shape[0]);
    std::size_t at_border = 0;
    for (std::size_t s = 0; s < shape[0]; ++s) {
        const auto values = slice_of(lungs, s);
        for (std::size_t row = 0; row < shape[1]; ++row)
            for (std::size_t column = 0; column < shape[2]; ++column) {
                const auto label = values[row * shape[2] + column];
                if (label == 0) continue;
                ++voxels[label];
                ++in_slice[s];
                if (row == 0 || column == 0 || row + 1 == shape[1] || column + 1 == shape[2]) ++at_border;
            }
    }

    notes found;
    const auto warn = [&](const char* code, std::string text) {
        found.push_back({note_level::warning, code, std::move(text)});
    };
    const auto number = [](double value) {
        char text[32];
        std::snprintf(text, sizeof text, std::abs(value) < 1e9 ? "%.0f" : "%.3g", value);
        return std::string(text);
    };
    const std::size_t all = voxels[1] + voxels[2];
    if (all == 0) {
        warn("no_lungs_found", "No lungs were found; is this a chest CT in Hounsfield units?");
        return found;
    }
    if (shape[0] < limits.fewest_slices)
        warn("few_slices", "The CT has only " + std::to_string(shape[0]) +
                               " slices; volumes and thirds of the lungs say little.");
    const double left_share = static_cast<double>(voxels[1]) / static_cast<double>(all);
    const double smaller_share = std::min(left_share, 1 - left_share);
    const char* smaller = left_share < 0.5 ? "left" : "right";
    if (smaller_share < limits.missing_share)
        warn("one_lung_missing", std::string("The ") + smaller + " lung was not found.");
    else if (smaller_share < limits.smallest_share)
        warn("lungs_asymmetric", std::string("The ") + smaller + " lung holds only " +
                                     number(100 * smaller_share) + " % of the lungs' volume.");
    const double pixel_mm2 = grid.voxel_ml() * 1000 / grid.spacing_mm[0];
    if (static_cast<double>(at_border) * pixel_mm2 > limits.cut_area_mm2 / 3)
        warn("lungs_touch_border", "The lungs reach the border of the slices and may be cut off there.");
    const auto cut = [&](std::size_t s) {
        return static_cast<double>(in_slice[s]) * pixel_mm2 > limits.cut_area_mm2;
    };
    const bool base = cut(0);
    const bool apex = cut(shape[0] - 1);
    if (base) warn("lungs_cut_at_base", "The lowest slice still holds lung: the bases are cut off.");
    if (apex) warn("lungs_cut_at_apex", "The highest slice still holds lung: the apices are cut off.");
    const double ml = static_cast<double>(all) * grid.voxel_ml();
    if (ml > limits.largest_ml || (ml < limits.smallest_ml && !base && !apex))
        warn("lung_volume_implausible", "The lungs hold " + number(ml) + " ml; " +
                                            number(limits.smallest_ml) + " to " + number(limits.largest_ml) +
                                            " ml is usual in adults.");
    return found;
}

} // namespace groundglass::lungs
