#pragma once

#include <groundglass/array.hpp>
#include <groundglass/lungs/detail/lung_separation.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/morphology.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace groundglass::lungs::detail {

/// What tells gas in the bowel from gas in a lung, a bulla.
struct gas_body_limits {
    /// Lung holds less of what lies around bowel gas than this,
    double lung_around = 0.4;
    /// or less than this where no lung lies below it: a diaphragm parts them.
    double lung_above = 0.75;
    /// Lung lies below less of bowel gas than this,
    double lung_below = 0.15;
    /// which is darker on average than an emphysema.
    double clear_hu = -965;
    /// Smaller bodies have lung around less than `lung_around`, or stay.
    double smallest_ml = 3;
};

/// Bowel gas in large bodies, and in small ones.
struct gas_bodies {
    volume::bit_mask large;
    volume::bit_mask small;
};

/// The box around two.
inline volume::component together(volume::component a, const volume::component& b) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
        a.first[axis] = std::min(a.first[axis], b.first[axis]);
        a.last[axis] = std::max(a.last[axis], b.last[axis]);
    }
    return a;
}

/// Where lung lies below in the same column: for each voxel whether one of `lung` has a lower slice.
inline volume::bit_mask anywhere_below(const volume::bit_mask& lung) {
    volume::bit_mask result(lung.shape());
    const auto& shape = lung.shape();
    for (std::size_t slice = 1; slice < shape[0]; ++slice)
        for (std::size_t row = 0; row < shape[1]; ++row) {
            const auto before = result.row(slice - 1, row);
            const auto there = lung.row(slice - 1, row);
            auto here = result.row(slice, row);
            for (std::size_t w = 0; w < lung.words_per_row(); ++w) here[w] = before[w] | there[w];
        }
    return result;
}

/// Bodies of clear gas that lie wholly at or below `highest_slice` and are no part of a lung, without the rim
/// that partial volume makes.
inline gas_bodies bodies_of_gas(const array3<std::int16_t>& hounsfield, const volume::bit_mask& gas,
                                const volume::bit_mask& lung_like, std::size_t highest_slice,
                                const volume::vector3& spacing_mm, const gas_body_limits& limits = {}) {
    const double pixel = std::max(spacing_mm[1], spacing_mm[2]);
    const volume::ball rim(std::max(2.0, 1.01 * pixel), spacing_mm);
    const volume::ball shell(8, spacing_mm);
    const volume::components bodies(gas, volume::connectivity::all);
    const auto& shape = gas.shape();
    struct run {
        std::size_t slice, row, begin, end;
    };
    std::vector<std::vector<run>> runs(bodies.size());
    bodies.visit_runs(
        [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end, std::size_t i) {
            if (bodies[i].last[0] <= highest_slice) runs[i].push_back({slice, row, begin, end});
        });
    gas_bodies result{volume::bit_mask(shape), volume::bit_mask(shape)};
    if (std::all_of(runs.begin(), runs.end(), [](const auto& r) { return r.empty(); })) return result;
    // Thicker than the rims that partial volume makes of gas, between slices too.
    const double thick = std::max({5.0, 1.01 * pixel, 1.01 * spacing_mm[0]});
    volume::component place;
    for (std::size_t i = 0; i < bodies.size(); ++i)
        if (!runs[i].empty()) place = together(place, bodies[i]);
    const volume::ball thick_ball(thick, spacing_mm);
    place.first[0] = 0;
    const auto [corner, room] = volume::with_margin(place, thick_ball.reach(shape), shape);
    const auto below = anywhere_below(volume::erode(volume::crop(lung_like, corner, room), thick_ball));
    const auto rim_reach = rim.reach(shape), shell_reach = shell.reach(shape);
    shape3 margin{};
    for (std::size_t axis = 0; axis < 3; ++axis) margin[axis] = rim_reach[axis] + shell_reach[axis];
    const double voxel_ml = spacing_mm[0] * spacing_mm[1] * spacing_mm[2] / 1000;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        if (runs[i].empty()) continue; // a bulla above stays with its lung
        const auto [first, extent] =
            volume::with_margin(bodies[i], margin, shape); // each costs as much as it is large
        volume::bit_mask body(extent);
        std::size_t over_lung = 0;
        std::int64_t sum_hu = 0;
        for (const auto& [slice, row, begin, end] : runs[i]) {
            body.set(slice - first[0], row - first[1], begin - first[2], end - first[2]);
            over_lung += volume::count_in(below.row(slice - corner[0], row - corner[1]), begin - corner[2],
                                          end - corner[2]);
            const auto* line = flat(hounsfield).data() + (slice * shape[1] + row) * shape[2];
            sum_hu = std::accumulate(line + begin, line + end, sum_hu);
        }
        const auto near = volume::dilate(body, rim);
        const auto around = volume::dilate(near, shell) - near - volume::crop(gas, first, extent);
        const auto lung = static_cast<double>((around & volume::crop(lung_like, first, extent)).count());
        const auto share = lung / static_cast<double>(std::max<std::size_t>(1, around.count()));
        const auto voxels = static_cast<double>(bodies[i].voxels);
        const bool large = voxels * voxel_ml >= limits.smallest_ml;
        const bool under_diaphragm = large && share < limits.lung_above &&
                                     static_cast<double>(over_lung) < limits.lung_below * voxels &&
                                     static_cast<double>(sum_hu) < limits.clear_hu * voxels;
        if (share >= limits.lung_around && !under_diaphragm) continue;
        auto& found = large ? result.large : result.small;
        for (const auto& [slice, row, begin, end] : runs[i]) found.set(slice, row, begin, end);
    }
    return result;
}

/// Bowel gas, also where it hangs together with a lung because only diaphragm and bowel wall lie between:
/// from its clear bodies and from the lung it is flooded, and the floods meet on the brighter wall. Where no
/// wall is seen they meet half way.
inline volume::bit_mask bowel_gas(const array3<std::int16_t>& hounsfield, const volume::bit_mask& inside,
                                  std::size_t highest_slice, const volume::vector3& spacing_mm,
                                  double gas_below_hu, double air_below_hu) {
    constexpr double reach_mm = 16;    // no flood goes further from the clear gas
    constexpr double lung_core_mm = 4; // what holds a ball of this radius is no rim of gas
    const auto gas = volume::open(
        inside & volume::mask_where(hounsfield, [=](std::int16_t v) { return v < gas_below_hu; }),
        volume::ball(3, spacing_mm));
    const auto lung_like =
        volume::mask_where(hounsfield, [=](std::int16_t v) { return v >= gas_below_hu && v < air_below_hu; });
    const auto bodies = bodies_of_gas(hounsfield, gas, lung_like, highest_slice, spacing_mm);
    const double pixel = std::max(spacing_mm[1], spacing_mm[2]);
    auto result = volume::dilate(bodies.small, volume::ball(std::max(2.0, 1.01 * pixel), spacing_mm));
    if (bodies.large.empty()) return result;

    const volume::ball reach(reach_mm, spacing_mm);
    const auto [first, extent] =
        volume::with_margin(volume::bounding_box(bodies.large), reach.reach(inside.shape()), inside.shape());
    auto bowel = volume::crop(bodies.large, first, extent);
    const auto air = volume::crop(inside, first, extent);
    const volume::ball core(lung_core_mm, spacing_mm);
    const auto rim = volume::dilate(bowel, volume::ball(2 * lung_core_mm, spacing_mm));
    // Lung starts the other flood; away from any gas all air may be lung.
    auto lung = volume::open((air - volume::crop(gas, first, extent)) - bowel, core) - rim;
    const auto near = volume::dilate(bowel, reach);
    flood(volume::crop(hounsfield, first, extent), air & near, bowel, lung);
    volume::for_each_run(
        bowel, [&, at = first](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end) {
            result.set(slice + at[0], row + at[1], begin + at[2], end + at[2]);
        });
    return result;
}

} // namespace groundglass::lungs::detail
