#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/label_map.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace groundglass::volume {

/// The third of the lungs each slice lies in, by height.
///
/// `lungs` holds `lung_label` values, slices from feet to head. Both lungs are measured together: with
/// `first` and `last` the lowest and the highest slice that hold lung and `n = last - first + 1`, slice
/// `first + i` covers the heights `[i, i + 1) / n`. It is lower where its middle `(i + 1/2) / n` is below
/// 1/3, middle where that is below 2/3, else upper. Thirds of equal height, not of equal volume. A slice
/// without lung between the two has a zone as well; below `first` and above `last`, and everywhere in an
/// empty mask, it is `lung_zone::none`. Cost: one pass over the mask.
[[nodiscard]] inline std::vector<lung_zone> zones_by_height(const array3<std::uint8_t>& lungs) {
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
