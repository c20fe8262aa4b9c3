#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/lung_regions.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace groundglass::volume {

GROUNDGLASS_INLINE std::vector<lung_zone> zones_by_height(const array3<std::uint8_t>& lungs) {
    const std::size_t slices = lungs.shape()[0];
    std::vector<lung_zone> zones(slices, lung_zone::none);
    std::optional<std::size_t> first;
    std::size_t last = 0;
    for (std::size_t i = 0; i < slices; ++i) {
        const auto voxels = slice_of(lungs, i);
        if (std::none_of(voxels.begin(), voxels.end(), [](std::uint8_t label) { return label != 0; }))
            continue;
        if (!first) first = i;
        last = i;
    }
    if (!first) return zones;
    const std::size_t n = last - *first + 1;
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t third = 3 * (2 * i + 1) / (2 * n);
        zones[*first + i] = third == 0 ? lung_zone::lower : third == 1 ? lung_zone::middle : lung_zone::upper;
    }
    return zones;
}

} // namespace groundglass::volume
