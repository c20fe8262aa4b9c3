#pragma once

#include <groundglass/config.hpp>
#include <groundglass/lungs/lung_separation.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/morphology.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace groundglass::lungs {

namespace detail {

inline std::vector<double> column_centres(const volume::components& parts) {
    std::vector<double> result(parts.size());
    parts.visit_runs([&](std::size_t, std::size_t, std::size_t begin, std::size_t end, std::size_t i) {
        result[i] += 0.5 * static_cast<double>(begin + end - 1) * static_cast<double>(end - begin);
    });
    for (std::size_t i = 0; i < result.size(); ++i) result[i] /= static_cast<double>(parts[i].voxels);
    return result;
}

/// Floods `lungs` from both seeds, darkest voxels first, so that the floods meet on the brighter membrane
/// between the lungs. Meyer's watershed with levels of 16 HU.
inline void flood(const array3<std::int16_t>& hounsfield, const volume::bit_mask& lungs,
                  volume::bit_mask& left, volume::bit_mask& right) {
    constexpr int lowest = -1024;
    constexpr int step = 16;
    constexpr int levels = 160;
    const auto& shape = lungs.shape();
    const auto* values = flat(hounsfield).data();
    struct voxel { // with its flood; no grid has more than 2^21 voxels along an axis
        std::uint64_t slice : 21, row : 21, column : 21, is_left : 1;
    };
    constexpr std::size_t most = (std::size_t{1} << 21U) - 1;
    std::vector<std::vector<voxel>> queues(levels);
    volume::bit_mask free = lungs - left - right;
    const auto push_neighbours = [&](std::size_t slice, std::size_t row, std::size_t column, bool is_left,
                                     int floor) {
        const auto offer = [&](std::size_t s, std::size_t r, std::size_t c) {
            if (s >= shape[0] || r >= shape[1] || c >= shape[2]) return;
            const auto bit = volume::bit_mask::word{1} << (c % volume::bit_mask::bits);
            auto& word = free.row(s, r)[c / volume::bit_mask::bits];
            if ((word & bit) == 0) return;
            word &= ~bit;
            (is_left ? left : right).set(s, r, c);
            const int value = values[(s * shape[1] + r) * shape[2] + c];
            const int level = std::clamp((value - lowest) / step, floor, levels - 1);
            queues[static_cast<std::size_t>(level)].push_back(
                {s & most, r & most, c & most, is_left ? 1U : 0U});
        };
        offer(slice, row, column - 1);
        offer(slice, row, column + 1);
        offer(slice, row - 1, column);
        offer(slice, row + 1, column);
        offer(slice - 1, row, column);
        offer(slice + 1, row, column);
    };
    const auto seed = [&](const volume::bit_mask& seeds, bool is_left) {
        volume::for_each_run(seeds,
                             [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end) {
                                 for (std::size_t column = begin; column < end; ++column)
                                     push_neighbours(slice, row, column, is_left, 0);
                             });
    };
    const auto edge = volume::dilate(free, volume::ball(1, {1, 1, 1}));
    const volume::bit_mask left_seeds = left & edge;
    const volume::bit_mask right_seeds = right & edge;
    seed(left_seeds, true);
    seed(right_seeds, false);
    for (int level = 0; level < levels; ++level) {
        auto& queue = queues[static_cast<std::size_t>(level)];
        for (std::size_t next = 0; next < queue.size();) { // grows while it is read
            const voxel at = queue[next++];
            push_neighbours(at.slice, at.row, at.column, at.is_left != 0, level);
        }
        queue = {};
    }
}

} // namespace detail

GROUNDGLASS_INLINE lung_pair separate_lungs(const array3<std::int16_t>& hounsfield,
                                            const volume::bit_mask& lungs, const volume::vector3& spacing_mm,
                                            double middle_column) {
    lung_pair result{volume::bit_mask(lungs.shape()), volume::bit_mask(lungs.shape()), -1};
    const volume::components whole(lungs, volume::connectivity::faces);
    if (whole.empty()) return result;
    std::size_t low = lungs.shape()[2];
    std::size_t high = 0;
    for (const auto& part : whole) {
        low = std::min(low, part.last[2] < part.first[2] ? low : part.first[2]);
        high = std::max(high, part.last[2]);
    }
    const auto width = static_cast<double>(high - low + 1);

    constexpr double radii_mm[] = {0, 1, 2, 3, 4.5, 6, 8, 10, 13, 16, 20, 24};
    double middle = middle_column;
    for (const double radius : radii_mm) {
        const volume::ball element(radius, spacing_mm);
        if (radius > 0 && element.reach({1, 1, 1}) == shape3{}) continue;
        const auto core = radius > 0 ? volume::erode(lungs, element) : lungs;
        const volume::components parts(core, volume::connectivity::faces);
        if (parts.empty()) break;
        const auto centres = detail::column_centres(parts);
        const auto order = parts.by_size();
        const std::size_t first = order.front();
        for (std::size_t k = 1; k < order.size(); ++k) {
            const std::size_t second = order[k];
            if (10 * parts[second].voxels < parts[first].voxels) break;
            if (std::abs(centres[second] - centres[first]) < 0.25 * width) continue;
            middle = 0.5 * (centres[first] + centres[second]);
            result.left = parts.select([&](std::size_t i) { return centres[i] > middle; });
            result.right = core - result.left;
            result.parted_at_mm = radius;
            break;
        }
        if (result.parted_at_mm >= 0) break;
    }
    if (result.parted_at_mm > 0) detail::flood(hounsfield, lungs, result.left, result.right);
    const volume::bit_mask rest = lungs - result.left - result.right;
    if (!rest.empty()) {
        const volume::components parts(rest, volume::connectivity::faces);
        const auto centres = detail::column_centres(parts);
        result.left |= parts.select([&](std::size_t i) { return centres[i] > middle; });
        result.right |= parts.select([&](std::size_t i) { return centres[i] <= middle; });
    }
    return result;
}

} // namespace groundglass::lungs
