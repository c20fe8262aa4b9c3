#pragma once

#include <groundglass/volume/components.hpp>
#include <groundglass/volume/lung_ct.hpp>

#include <cstdio>

namespace groundglass::lungs {

/// What a pair of lungs is held against. Wide on purpose: a warning shall mean that somebody should look.
struct lung_plausibility {
    /// Both lungs of an adult, from full expiration or severe disease to emphysema.
    double smallest_ml = 1000;
    double largest_ml = 9500;
    /// The smaller lung's share of both; the left one holds about 45 % in health.
    double smallest_share = 0.3;
    /// A lung with less is missing.
    double missing_share = 0.03;
    /// Lung in the first or last slice over more than this area is cut off there.
    double cut_area_mm2 = 300;
    /// Fewer slices are no study of a chest.
    std::size_t fewest_slices = 10;
};

/// Says what is wrong with a lung mask; an empty list when nothing is.
///
/// `lungs` holds `lung_label` values in the CT's grid. Warnings: `no_lungs_found`, `few_slices`,
/// `one_lung_missing`, `lungs_asymmetric`, `lungs_touch_border` (in the slice), `lungs_cut_at_base` and
/// `lungs_cut_at_apex` (first and last slice), `lung_volume_implausible` (not where the lungs are cut off,
/// which explains a small volume). Throws `std::invalid_argument` for another shape or a value above 2. Cost:
/// one pass over the mask.
[[nodiscard]] inline notes assess_lungs(const volume::ct_volume& ct, const array3<std::uint8_t>& lungs,
                                        const lung_plausibility& limits = {}) {
    const auto& grid = ct.grid();
    const auto& shape = grid.shape;
    if (shape_of(lungs) != shape)
        throw std::invalid_argument("assess_lungs: the mask's shape differs from the CT's shape");
    std::array<std::size_t, 3> voxels{};
    std::vector<std::size_t> in_slice(shape[0]);
    std::size_t at_border = 0;
    for (std::size_t s = 0; s < shape[0]; ++s) {
        const auto values = slice_of(lungs, s);
        for (std::size_t row = 0; row < shape[1]; ++row)
            for (std::size_t column = 0; column < shape[2]; ++column) {
                const auto label = values[row * shape[2] + column];
                if (label > 2)
                    throw std::invalid_argument("assess_lungs: the mask holds the value " +
                                                std::to_string(label) +
                                                "; 0 none, 1 left lung and 2 right lung are allowed");
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
                               " slices; volumes and thirds of the lungs "
                               "say little.");
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
