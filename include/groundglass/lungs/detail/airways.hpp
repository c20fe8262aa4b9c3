#pragma once

#include <groundglass/config.hpp>
#include <groundglass/lungs/airways.hpp>
#include <groundglass/volume/components.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace groundglass::lungs {

namespace detail {

/// Where the trachea is: a column of small, compact air spots near the middle that starts in the upper half.
inline std::optional<volume::bit_mask> find_trachea(const array3<std::int16_t>& hounsfield,
                                                    const volume::bit_mask& inside,
                                                    const volume::component& lungs,
                                                    const volume::vector3& spacing_mm, int clear_air,
                                                    const central_airways_options& options) {
    const auto clear = inside & volume::mask_where(hounsfield, [=](std::int16_t v) { return v < clear_air; });
    const volume::components spots(clear, volume::connectivity::faces_in_slice);
    const double pixel_mm2 = spacing_mm[1] * spacing_mm[2];
    const double longest_mm = 1.8 * std::sqrt(options.largest_area_mm2);
    const auto candidates = spots.select([&](std::size_t i) {
        const auto& spot = spots[i];
        const double area = static_cast<double>(spot.voxels) * pixel_mm2;
        const double height = static_cast<double>(spot.last[1] - spot.first[1] + 1) * spacing_mm[1];
        const double width = static_cast<double>(spot.last[2] - spot.first[2] + 1) * spacing_mm[2];
        return area >= options.smallest_area_mm2 && area <= options.largest_area_mm2 &&
               std::max(height, width) <= longest_mm && area >= 0.45 * height * width;
    });
    const volume::components columns(candidates, volume::connectivity::faces);
    const double middle = 0.5 * static_cast<double>(lungs.first[2] + lungs.last[2]);
    const double width_mm = static_cast<double>(lungs.last[2] - lungs.first[2] + 1) * spacing_mm[2];
    double best = 0;
    std::size_t found = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto& c = columns[i];
        const double length = static_cast<double>(c.last[0] - c.first[0] + 1) * spacing_mm[0];
        if (length < options.shortest_mm || 2 * c.last[0] < lungs.first[0] + lungs.last[0]) continue;
        const double aside =
            (0.5 * static_cast<double>(c.first[2] + c.last[2]) - middle) * spacing_mm[2] / width_mm;
        if (std::abs(aside) > 0.25) continue;
        const double volume = static_cast<double>(c.voxels) * pixel_mm2 * spacing_mm[0];
        const double score = volume * (1 - 3 * std::abs(aside));
        if (score > best) best = score, found = i;
    }
    if (found == columns.size()) return std::nullopt;
    return columns.select(found);
}

} // namespace detail

GROUNDGLASS_INLINE std::optional<central_airways>
find_central_airways(const array3<std::int16_t>& hounsfield, const volume::bit_mask& inside,
                     const volume::component& lungs, const volume::vector3& spacing_mm,
                     const central_airways_options& options) {
    // Below the lower limits lung that touches the trachea is none of its lumen.
    std::optional<volume::bit_mask> trachea;
    for (const int clear_air : {-800, -900, -950})
        if (!trachea)
            trachea = detail::find_trachea(hounsfield, inside, lungs, spacing_mm, clear_air, options);
    if (!trachea) return std::nullopt;
    const double voxel_ml = spacing_mm[0] * spacing_mm[1] * spacing_mm[2] / 1000;
    volume::bit_mask tree = *trachea;
    // Larynx, pharynx and mouth above are no part of it, and would count as a leak.
    auto below = inside;
    for (std::size_t slice = volume::bounding_box(tree).last[0] + 1; slice < below.shape()[0]; ++slice)
        for (std::size_t row = 0; row < below.shape()[1]; ++row)
            std::fill(below.row(slice, row).begin(), below.row(slice, row).end(), 0);
    double volume = static_cast<double>(tree.count()) * voxel_ml;
    for (int limit = -960; limit <= -840; limit += 20) {
        auto grown = volume::reconstruct(
            *trachea, below & volume::mask_where(hounsfield, [=](std::int16_t v) { return v < limit; }),
            volume::connectivity::faces);
        grown |= *trachea;
        const double grown_ml = static_cast<double>(grown.count()) * voxel_ml;
        if (grown_ml > options.largest_ml || grown_ml > 2 * volume + 10) break;
        tree = std::move(grown);
        volume = grown_ml;
    }

    // From the top down: the axis of the trachea, until the lumen falls into two halves side by side, or
    // becomes far wider where the bronchi leave like the arms of a T.
    constexpr double widest_trachea_mm = 28;
    constexpr double much_wider = 1.6;
    double usual_mm = 0;
    const volume::components spots(tree, volume::connectivity::faces_in_slice);
    struct centre {
        std::size_t voxels = 0;
        double row = 0;
        double column = 0;
        double width_mm = 0;
    };
    std::vector<centre> centres(spots.size());
    spots.visit_runs([&](std::size_t, std::size_t row, std::size_t begin, std::size_t end, std::size_t i) {
        const auto n = static_cast<double>(end - begin);
        centres[i].voxels += end - begin;
        centres[i].row += static_cast<double>(row) * n;
        centres[i].column += 0.5 * static_cast<double>(begin + end - 1) * n;
    });
    std::vector<std::vector<centre>> by_slice(tree.shape()[0]);
    for (std::size_t i = 0; i < spots.size(); ++i) {
        auto& c = centres[i];
        c.row /= static_cast<double>(c.voxels);
        c.column /= static_cast<double>(c.voxels);
        c.width_mm = static_cast<double>(spots[i].last[2] - spots[i].first[2] + 1) * spacing_mm[2];
        by_slice[spots[i].first[0]].push_back(c);
    }
    std::vector<std::optional<centre>> axis(tree.shape()[0]);
    std::optional<centre> last;
    std::size_t carina = 0;
    double divided_mm = 0;
    for (std::size_t slice = tree.shape()[0]; slice-- > 0;) {
        if (by_slice[slice].empty()) {
            if (last) break;
            continue;
        }
        const centre* nearest = nullptr;
        double away = 0;
        for (const auto& c : by_slice[slice]) {
            const double d = last ? std::hypot((c.row - last->row) * spacing_mm[1],
                                               (c.column - last->column) * spacing_mm[2])
                                  : -static_cast<double>(c.voxels);
            if (nearest == nullptr || d < away) nearest = &c, away = d;
        }
        bool divided = last && nearest->width_mm > std::max(much_wider * usual_mm, widest_trachea_mm);
        for (const auto& c : by_slice[slice]) {
            if (&c == nearest) continue;
            const double area = static_cast<double>(c.voxels) * spacing_mm[1] * spacing_mm[2];
            const double gap = std::abs(c.column - nearest->column) * spacing_mm[2];
            divided |= last && area >= 0.5 * options.smallest_area_mm2 && gap >= 10 && gap <= 50;
        }
        divided_mm = divided ? divided_mm + spacing_mm[0] : 0;
        if (divided_mm > 8 || (last && away > options.trachea_reach_mm)) break;
        if (!divided || !last) {
            usual_mm = last ? 0.8 * usual_mm + 0.2 * nearest->width_mm : nearest->width_mm;
            last = *nearest;
            carina = slice;
        }
        axis[slice] = last;
    }

    central_airways result{volume::bit_mask(tree.shape()),
                           {carina, volume::whole_up_to(last->row, tree.shape()[1]),
                            volume::whole_up_to(last->column, tree.shape()[2])}};
    const double trachea_mm2 = options.trachea_reach_mm * options.trachea_reach_mm;
    const double bronchi_mm2 = options.bronchi_reach_mm * options.bronchi_reach_mm;
    volume::for_each_run(tree, [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end) {
        const auto square = [](double a) { return a * a; };
        const double z = (static_cast<double>(slice) - static_cast<double>(carina)) * spacing_mm[0];
        for (std::size_t column = begin; column < end; ++column) {
            const auto y = static_cast<double>(row);
            const auto x = static_cast<double>(column);
            const bool bronchus = square(z) + square((y - last->row) * spacing_mm[1]) +
                                      square((x - last->column) * spacing_mm[2]) <=
                                  bronchi_mm2;
            const auto& at = axis[slice];
            const bool near_axis =
                at && slice >= carina &&
                square((y - at->row) * spacing_mm[1]) + square((x - at->column) * spacing_mm[2]) <=
                    trachea_mm2;
            if (bronchus ? (slice <= carina || near_axis || z < 15) : near_axis)
                result.lumen.set(slice, row, column);
        }
    });
    return result;
}

} // namespace groundglass::lungs
