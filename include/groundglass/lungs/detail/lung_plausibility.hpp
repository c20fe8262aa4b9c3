#pragma once

#include <groundglass/config.hpp>
#include <groundglass/lungs/detail/lung_surroundings.hpp>
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

namespace detail {

inline std::string whole_number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, std::abs(value) < 1e9 ? "%.0f" : "%.3g", value);
    return text;
}

/// "540 ml, slices 12 to 80", counted from 1 in the slices of the CT.
inline std::string place_text(const extent_found& where, std::size_t step, std::size_t slices) {
    const std::size_t last = std::min(where.last * step + step, slices);
    return whole_number(where.ml) + " ml, slices " + std::to_string(where.first * step + 1) + " to " +
           std::to_string(last);
}

/// What dense tissue behind a lung may be.
inline const char* likely(const dense_behind& dense) {
    constexpr double air_in_consolidation = 0.02; // share
    constexpr double fluid_from_hu = -10, fluid_to_hu = 20;
    if (dense.air_share >= air_in_consolidation) return "with air in it, it may be consolidation";
    if (dense.mean_hu >= fluid_from_hu && dense.mean_hu <= fluid_to_hu)
        return "as dense as fluid, it may be an effusion";
    return "it may be consolidation, atelectasis, an effusion or an organ";
}

/// What the surroundings of the lungs tell against them, in the order of `assess_lungs`.
inline void assess_surroundings(const volume::ct_volume& ct, const array3<std::uint8_t>& lungs,
                                double lungs_ml, bool cut_at_apex, const lung_plausibility& limits,
                                notes& found) {
    const auto chest = sample_chest(ct, lungs);
    const auto warn = [&](const char* code, std::string text) {
        found.push_back({note_level::warning, code, std::move(text)});
    };
    const auto place = [&](const extent_found& where) {
        return place_text(where, chest.step[0], ct.grid().shape[0]);
    };
    constexpr double smallest_body_ml = 1000; // of tissue, and of air that shows where it ends
    const auto body = content_of_body(chest);
    if (std::min(body.tissue_ml, body.air_ml) > smallest_body_ml) {
        const double bone = body.bone_ml / body.tissue_ml;
        if (bone < limits.least_bone_share)
            warn("not_a_chest", "There is hardly any bone: this is no chest of a patient.");
        else if (bone > limits.most_bone_share)
            warn("not_a_chest", "Bone is " + whole_number(100 * bone) +
                                    " % of the tissue, as in a head: this may be no chest.");
        else if (lungs_ml > 0 && cut_at_apex && lungs_ml < limits.abdomen_share * body.tissue_ml)
            warn("not_a_chest",
                 "The scan shows an abdomen with the bases of the lungs: " + whole_number(lungs_ml) + " ml.");
    }
    if (lungs_ml == 0) return;
    if (const auto low = below_diaphragm(chest, limits.abdomen_ml); low.ml > 0)
        warn("lung_in_abdomen",
             "The lungs may hold bowel gas or tissue below the diaphragm: " + place(low) + ".");
    if (const auto trachea = trachea_within(chest, limits.airway_ml); trachea.ml > 0)
        warn("airway_in_lungs", "The lungs may hold the trachea: " + place(trachea) + ".");
    for (const std::uint8_t side : {std::uint8_t{1}, std::uint8_t{2}}) {
        const auto dense = dense_behind_lung(chest, side, limits.dense_mm);
        if (dense.where.ml >= limits.dense_ml)
            warn("dense_outside_lungs",
                 std::string("Between the ") + (side == 1 ? "left" : "right") +
                     " lung and the ribs behind it lies dense tissue outside the mask, " +
                     place(dense.where) + ", " + whole_number(dense.mean_hu) + " HU: " + likely(dense) + ".");
    }
}

} // namespace detail

GROUNDGLASS_INLINE notes assess_lungs(const volume::ct_volume& ct, const array3<std::uint8_t>& lungs,
                                      const lung_plausibility& limits) {
    const auto& grid = ct.grid();
    const auto& shape = grid.shape;
    if (shape_of(lungs) != shape)
        throw std::invalid_argument("assess_lungs: the mask's shape differs from the CT's shape");
    volume::check_lung_labels(flat(lungs), "assess_lungs: the mask holds");
    std::array<std::size_t, 3> voxels{}; // by lung_label
    std::vector<std::size_t> in_slice(shape[0]);
    std::array<std::size_t, 3> first{shape[0], shape[0], shape[0]}, last{}; // slices by lung_label
    std::size_t at_border = 0, border_first = 0, border_last = 0;
    for (std::size_t s = 0; s < shape[0]; ++s) {
        const auto values = slice_of(lungs, s);
        for (std::size_t row = 0; row < shape[1]; ++row)
            for (std::size_t column = 0; column < shape[2]; ++column) {
                const auto label = values[row * shape[2] + column];
                if (label == 0) continue;
                ++voxels[label];
                first[label] = std::min(first[label], s);
                last[label] = s;
                ++in_slice[s];
                if (row == 0 || column == 0 || row + 1 == shape[1] || column + 1 == shape[2]) {
                    if (at_border == 0) border_first = s;
                    border_last = s;
                    ++at_border;
                }
            }
    }

    notes found;
    const auto warn = [&](const char* code, std::string text) {
        found.push_back({note_level::warning, code, std::move(text)});
    };
    const auto number = detail::whole_number;
    const auto extent_of_side = [&](std::size_t label) {
        return detail::extent_found{static_cast<double>(voxels[label]) * grid.voxel_ml(), first[label],
                                    last[label]};
    };
    const std::size_t all = voxels[1] + voxels[2];
    if (all == 0) {
        warn("no_lungs_found", "No lungs were found; is this a chest CT in Hounsfield units?");
        detail::assess_surroundings(ct, lungs, 0, false, limits, found);
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
        warn("lungs_asymmetric",
             std::string("The ") + smaller + " lung holds only " + number(100 * smaller_share) +
                 " % of the lungs' volume: " +
                 detail::place_text(extent_of_side(left_share < 0.5 ? 1 : 2), 1, shape[0]) + ".");
    const double pixel_mm2 = grid.voxel_ml() * 1000 / grid.spacing_mm[0];
    if (static_cast<double>(at_border) * pixel_mm2 > limits.cut_area_mm2 / 3)
        warn("lungs_touch_border", "The lungs reach the border of slices " +
                                       std::to_string(border_first + 1) + " to " +
                                       std::to_string(border_last + 1) + " and may be cut off there.");
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
    detail::assess_surroundings(ct, lungs, ml, apex, limits, found);
    return found;
}

} // namespace groundglass::lungs
