#pragma once

#include <groundglass/config.hpp>
#include <groundglass/lungs/body_middle.hpp>
#include <groundglass/lungs/lung_comparison.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/morphology.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace groundglass::lungs {

namespace detail {

/// Differences thinner than this, in mm, are those of outlines.
inline constexpr double rim_mm = 6;
inline constexpr double coarsest_step_mm = 2;
inline constexpr double middle_mm = 40;

/// Voxels of a mask at every so many of each axis.
inline volume::bit_mask every(const array3<std::uint8_t>& lungs, const shape3& step) {
    const auto whole = shape_of(lungs);
    shape3 shape{};
    for (std::size_t axis = 0; axis < 3; ++axis) shape[axis] = (whole[axis] + step[axis] - 1) / step[axis];
    volume::bit_mask result(shape);
    for (std::size_t s = 0; s < shape[0]; ++s)
        for (std::size_t r = 0; r < shape[1]; ++r)
            for (std::size_t c = 0; c < shape[2]; ++c)
                if (lungs(s * step[0], r * step[1], c * step[2]) != 0) result.set(s, r, c);
    return result;
}

/// `place(slice, row, column)` gives the member of `ml_by_place` to count for.
template <class Place>
ml_by_place count_by_place(const volume::bit_mask& mask, double voxel_ml, Place place) {
    ml_by_place result;
    volume::for_each_run(mask, [&](std::size_t s, std::size_t r, std::size_t begin, std::size_t end) {
        for (std::size_t column = begin; column < end; ++column) result.*place(s, r, column) += 1;
    });
    for (auto member :
         {&ml_by_place::middle, &ml_by_place::back, &ml_by_place::below, &ml_by_place::elsewhere})
        result.*member *= voxel_ml;
    return result;
}

} // namespace detail

GROUNDGLASS_INLINE lung_differences compare_lungs(const volume::lung_ct& first,
                                                  const volume::lung_ct& second) {
    const auto& grid = first.ct().grid();
    if (second.ct().grid().shape != grid.shape)
        throw std::invalid_argument("compare_lungs: the two CTs have different shapes");
    shape3 step{};
    volume::vector3 spacing{};
    double voxel_ml = grid.voxel_ml();
    for (std::size_t axis = 0; axis < 3; ++axis) {
        step[axis] = std::max<std::size_t>(
            1, volume::whole_up_to(detail::coarsest_step_mm / grid.spacing_mm[axis], grid.shape[axis]));
        spacing[axis] = grid.spacing_mm[axis] * static_cast<double>(step[axis]);
        voxel_ml *= static_cast<double>(step[axis]);
    }
    const auto a = detail::every(first.lungs(), step);
    const auto b = detail::every(second.lungs(), step);
    const auto box = volume::bounding_box(a | b);
    if (box.voxels == 0) return {};

    const auto in_ct = [&](std::size_t slice) { return std::min(slice * step[0], grid.shape[0] - 1); };
    const auto body = middle_of_body(first.ct(), in_ct(box.first[0]), in_ct(box.last[0]));
    const auto third = [&](std::size_t axis) {
        return static_cast<double>(box.last[axis] - box.first[axis] + 1) / 3;
    };
    const double lowest = static_cast<double>(box.first[0]) + third(0);
    const double behind = static_cast<double>(box.last[1] + 1) - third(1);
    const auto place = [&](std::size_t slice, std::size_t row, std::size_t column) {
        const bool low = static_cast<double>(slice) + 0.5 < lowest;
        const double from_middle = (static_cast<double>(column * step[2]) - body.column) * grid.spacing_mm[2];
        if (!low && std::abs(from_middle) < detail::middle_mm) return &ml_by_place::middle;
        if (static_cast<double>(row) + 0.5 > behind) return &ml_by_place::back;
        return low ? &ml_by_place::below : &ml_by_place::elsewhere;
    };
    // At least a voxel each way, so that a rim of one voxel is none however large the voxels are.
    constexpr double radius = 0.5 * detail::rim_mm;
    for (double& mm : spacing) mm = std::min(mm, radius);
    const volume::ball fits(radius, spacing);
    const auto count = [&](const volume::bit_mask& more, const volume::bit_mask& less) {
        return detail::count_by_place(volume::open(more - less, fits), voxel_ml, place);
    };
    return {count(a, b), count(b, a)};
}

GROUNDGLASS_INLINE notes assess_differences(const lung_differences& differences,
                                            const usual_differences& usual) {
    struct where {
        double ml_by_place::*ml;
        const char* code;
        const char* words;
    };
    constexpr std::array places{
        where{&ml_by_place::middle, "lung_masks_differ_middle", "In the middle (mediastinum, airways)"},
        where{&ml_by_place::back, "lung_masks_differ_back", "At the back"},
        where{&ml_by_place::below, "lung_masks_differ_below", "Below (diaphragm, bowel)"},
        where{&ml_by_place::elsewhere, "lung_masks_differ_elsewhere", "At the front, the sides or the top"}};
    const auto shown = [](double ml) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), ml < 1e9 ? "%.0f" : "%.3g", ml);
        return std::string(text.data());
    };
    notes result;
    for (const auto& [ml, code, words] : places) {
        const double more = differences.only_first.*ml;
        const double less = differences.only_second.*ml;
        if (!(std::max(more, less) > usual.ml.*ml)) continue;
        result.push_back({note_level::warning, code,
                          std::string(words) + " the network takes " + shown(more) +
                              " ml for lung that the classical mask leaves out, and leaves out " +
                              shown(less) + " ml that the classical one takes: look at the lungs there."});
    }
    return result;
}

GROUNDGLASS_INLINE volume::lung_ct held_against(const volume::lung_ct& network,
                                                const volume::lung_ct& classical) {
    const auto with = [](const volume::lung_ct& lungs, const notes& more) {
        return lungs.divided(lungs.lobes(), lungs.segments(), more);
    };
    const auto is_empty = [](const volume::lung_ct& lungs) {
        const auto labels = flat(lungs.lungs());
        return std::all_of(labels.begin(), labels.end(), [](std::uint8_t label) { return label == 0; });
    };
    const auto differences = compare_lungs(network, classical);
    if (is_empty(network) && !is_empty(classical))
        return with(classical, {{note_level::warning, "lungs_not_by_network",
                                 "The network found no lungs, so those of the classical mask were taken."}});
    return with(network, assess_differences(differences));
}

} // namespace groundglass::lungs
