#pragma once

#include <groundglass/array.hpp>
#include <groundglass/lungs/detail/airways.hpp>
#include <groundglass/lungs/detail/bowel_gas.hpp>
#include <groundglass/lungs/detail/chest_wall.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/morphology.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace groundglass::lungs::detail {

/// Every n-th voxel of a CT and its lungs, about 4 mm apart: enough for what is to be said of tens of
/// millilitres, and cheap.
struct chest_sample {
    array3<std::int16_t> hounsfield;
    array3<std::uint8_t> lungs;
    shape3 step{};
    volume::vector3 spacing_mm{};
    double voxel_ml = 0;
};

inline chest_sample sample_chest(const volume::ct_volume& ct, const array3<std::uint8_t>& lungs) {
    constexpr double apart_mm = 4;
    const auto& grid = ct.grid();
    chest_sample result;
    shape3 shape{};
    result.voxel_ml = grid.voxel_ml();
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const double wanted = std::round(apart_mm / grid.spacing_mm[axis]);
        result.step[axis] = std::max<std::size_t>(1, volume::whole_up_to(wanted, grid.shape[axis]));
        shape[axis] = (grid.shape[axis] + result.step[axis] - 1) / result.step[axis];
        result.spacing_mm[axis] = static_cast<double>(result.step[axis]) * grid.spacing_mm[axis];
        result.voxel_ml *= static_cast<double>(result.step[axis]);
    }
    result.hounsfield = make_array<std::int16_t>(shape);
    result.lungs = make_array<std::uint8_t>(shape);
    std::size_t at = 0;
    for (std::size_t s = 0; s < shape[0]; ++s)
        for (std::size_t r = 0; r < shape[1]; ++r) {
            const std::size_t from =
                (s * result.step[0] * grid.shape[1] + r * result.step[1]) * grid.shape[2];
            for (std::size_t c = 0; c < shape[2]; ++c, ++at) {
                flat(result.hounsfield)[at] = flat(ct.hounsfield())[from + c * result.step[2]];
                flat(result.lungs)[at] = flat(lungs)[from + c * result.step[2]];
            }
        }
    return result;
}

/// How much of something there is, and from which to which slice of the sample.
struct extent_found {
    double ml = 0;
    std::size_t first = 0;
    std::size_t last = 0;
};

inline extent_found extent_of(const volume::bit_mask& mask, double voxel_ml) {
    const auto box = volume::bounding_box(mask);
    if (box.voxels == 0) return {};
    return {static_cast<double>(box.voxels) * voxel_ml, box.first[0], box.last[0]};
}

inline constexpr int clear_gas_hu = -945;
inline constexpr int aerated_below_hu = -500;

/// What the mask holds below the diaphragm: gas as `bodies_of_gas` tells it in the lower half of the lungs,
/// and pieces that lie apart from each lung and below one.
inline extent_found below_diaphragm(const chest_sample& chest, double smallest_ml) {
    const auto mask = volume::mask_where(chest.lungs, [](std::uint8_t label) { return label != 0; });
    const auto box = volume::bounding_box(mask);
    const auto aerated = volume::mask_where(
        chest.hounsfield, [](std::int16_t v) { return v >= clear_gas_hu && v < aerated_below_hu; });
    auto low = mask;
    const std::size_t middle = (box.first[0] + box.last[0]) / 2;
    for (std::size_t slice = middle + 1; slice < low.shape()[0]; ++slice)
        for (std::size_t row = 0; row < low.shape()[1]; ++row)
            std::fill(low.row(slice, row).begin(), low.row(slice, row).end(), 0);
    const auto clear =
        low & volume::mask_where(chest.hounsfield, [](std::int16_t v) { return v < clear_gas_hu; });
    const double cross =
        1.01 * std::max({chest.spacing_mm[0], chest.spacing_mm[1], chest.spacing_mm[2]}); // six neighbours
    gas_body_limits limits;
    limits.smallest_ml = smallest_ml;
    auto found = bodies_of_gas(chest.hounsfield,
                               volume::open(clear, volume::ball(std::min(6.0, cross), chest.spacing_mm)),
                               aerated, middle, chest.spacing_mm, limits)
                     .large;

    for (const std::uint8_t side : {std::uint8_t{1}, std::uint8_t{2}}) {
        const auto lung = volume::mask_where(chest.lungs, [=](std::uint8_t label) { return label == side; });
        const volume::components parts(lung, volume::connectivity::all);
        if (parts.size() < 2) continue;
        const std::size_t whole = parts.by_size().front();
        const auto& largest = parts[whole];
        found |= parts.select([&](std::size_t i) {
            return i != whole && static_cast<double>(parts[i].voxels) * chest.voxel_ml >= smallest_ml &&
                   parts[i].last[0] < (largest.first[0] + largest.last[0]) / 2 &&
                   static_cast<double>(parts[i].first[0] + parts[i].last[0]) <
                       2 * static_cast<double>(largest.first[0]);
        });
    }
    return extent_of(found, chest.voxel_ml);
}

/// A column of clear air within the mask, between the lungs and with tissue around: the trachea.
inline extent_found trachea_within(const chest_sample& chest, double smallest_ml) {
    constexpr int clear_air = -900;
    constexpr double most_lung_around = 0.5;
    const auto mask = volume::mask_where(chest.lungs, [](std::uint8_t label) { return label != 0; });
    central_airways_options options;
    options.shortest_mm = 24;
    const auto column = find_trachea(chest.hounsfield, mask, volume::bounding_box(mask), chest.spacing_mm,
                                     clear_air, options);
    if (!column) return {};
    const volume::ball rim(1.01 * std::max(chest.spacing_mm[1], chest.spacing_mm[2]), chest.spacing_mm);
    const auto near = volume::dilate(*column, rim);
    const auto around = volume::dilate(near, volume::ball::disc(6, chest.spacing_mm)) - near;
    const auto aerated =
        volume::mask_where(chest.hounsfield, [](std::int16_t v) { return v < aerated_below_hu; });
    if (static_cast<double>((around & aerated).count()) >
        most_lung_around * static_cast<double>(around.count()))
        return {};
    const auto result = extent_of(*column, chest.voxel_ml);
    return result.ml < smallest_ml ? extent_found{} : result;
}

/// Dense tissue behind a lung.
struct dense_behind {
    extent_found where;
    double mean_hu = 0;
    /// Share of it that is air: bronchi in a consolidation.
    double air_share = 0;
};

/// Dense tissue between the hindmost voxels of a lung and the ribs, column by column in each slice, where it
/// is thicker than `thinnest_mm`. Ribs are bone, closed from one to the next above; 40 mm on either side of
/// the middle are left out, where the aorta and the spine lie.
inline dense_behind dense_behind_lung(const chest_sample& chest, std::uint8_t side, double thinnest_mm) {
    constexpr int bone_hu = 180;
    constexpr double between_ribs_mm = 32; // a rib's height and more
    constexpr double middle_mm = 40;
    constexpr double apices = 0.15; // of the lungs' height
    constexpr double thickest_mm = 100;
    constexpr int fat_below_hu = -40;
    constexpr int air_below_hu = -250;
    const auto bone = volume::mask_where(chest.hounsfield, [](std::int16_t v) { return v > bone_hu; });
    const double pixel = 1.01 * std::max(chest.spacing_mm[1], chest.spacing_mm[2]);
    const auto cage = close_line(volume::dilate(bone, volume::ball::disc(pixel, chest.spacing_mm)), {1, 0, 0},
                                 static_cast<std::ptrdiff_t>(volume::whole_up_to(
                                     between_ribs_mm / chest.spacing_mm[0], bone.shape()[0])));
    const auto box =
        volume::bounding_box(volume::mask_where(chest.lungs, [](std::uint8_t label) { return label != 0; }));
    const auto& shape = bone.shape();
    volume::bit_mask found(shape);
    std::size_t air = 0;
    std::size_t dense = 0;
    double sum = 0;
    const double middle = 0.5 * static_cast<double>(box.first[2] + box.last[2]);
    const auto below_apices = static_cast<std::size_t>(
        apices * static_cast<double>(box.last[0] - box.first[0])); // where shoulders lie behind
    for (std::size_t s = box.first[0]; s + below_apices <= box.last[0]; ++s)
        for (std::size_t c = 0; c < shape[2]; ++c) {
            if (std::abs(static_cast<double>(c) - middle) * chest.spacing_mm[2] < middle_mm) continue;
            std::size_t begin = shape[1];
            for (std::size_t r = 0; r < shape[1]; ++r)
                if (chest.lungs(s, r, c) == side) begin = r + 1;
            std::size_t end = begin;
            std::size_t solid = 0;
            while (end < shape[1] && !cage.test(s, end, c))
                solid += chest.hounsfield(s, end++, c) >= fat_below_hu;
            const double mm = static_cast<double>(end - begin) * chest.spacing_mm[1];
            if (end >= shape[1] || mm < thinnest_mm || mm > thickest_mm || 4 * solid < 3 * (end - begin))
                continue;
            for (std::size_t r = begin; r < end; ++r) {
                const int value = chest.hounsfield(s, r, c);
                found.set(s, r, c);
                air += value < air_below_hu;
                // Its own density, without the rim beside lung and wall.
                if (value >= fat_below_hu && r > begin && r + 1 < end) sum += value, ++dense;
            }
        }
    dense_behind result{extent_of(found, chest.voxel_ml), 0, 0};
    if (dense > 0) result.mean_hu = sum / static_cast<double>(dense);
    if (!found.empty()) result.air_share = static_cast<double>(air) / static_cast<double>(found.count());
    return result;
}

/// What the body is made of, in ml.
struct body_content {
    double tissue_ml = 0; ///< soft tissue and bone
    double bone_ml = 0;
    double air_ml = 0; ///< beside it and within
};

inline body_content content_of_body(const chest_sample& chest) {
    constexpr int tissue_hu = -150;
    constexpr int bone_hu = 200;
    body_content result;
    for (const auto value : flat(chest.hounsfield)) {
        result.tissue_ml += value > tissue_hu ? chest.voxel_ml : 0;
        result.bone_ml += value > bone_hu ? chest.voxel_ml : 0;
        result.air_ml += value < aerated_below_hu ? chest.voxel_ml : 0;
    }
    return result;
}

} // namespace groundglass::lungs::detail
