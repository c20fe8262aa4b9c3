#pragma once

#include <groundglass/array.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/lung_ct.hpp>
#include <groundglass/volume/lung_regions.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace groundglass::quantification::detail {

/// Calls `f(i)` for each label that is not 0; most of a study is outside the lungs, and is passed eight at a
/// time.
template <class F>
void for_each_label(std::span<const std::uint8_t> labels, F f) {
    constexpr std::size_t together = sizeof(std::uint64_t);
    std::size_t i = 0;
    for (; i + together <= labels.size(); i += together) {
        std::uint64_t word = 0;
        std::memcpy(&word, labels.data() + i, together);
        if (word == 0) continue;
        for (std::size_t k = i; k < i + together; ++k)
            if (labels[k] != 0) f(k);
    }
    for (; i < labels.size(); ++i)
        if (labels[i] != 0) f(i);
}

/// What was counted in every part of the lungs that a table has a row for.
template <class Counts>
struct part_counts {
    std::array<Counts, lung_region_count> regions{};
    std::vector<Counts> lobes, segments;
};

/// Counts of both lungs, the sides and their thirds in one pass. `add(counts, voxel)` adds the voxel at this
/// place of the volume to those of its part; what it holds by reference would be loaded anew for every voxel.
template <class Counts, class Add>
[[nodiscard]] std::array<Counts, lung_region_count> counts_by_region(const volume::lung_ct& study, Add add) {
    const auto zones = volume::zones_by_height(study.lungs());
    std::array<std::array<Counts, 3>, 2> cells{}; // [side][third]
    for (std::size_t index = 0; index < zones.size(); ++index) {
        if (zones[index] == volume::lung_zone::none) continue;
        const auto lungs = slice_of(study.lungs(), index);
        const auto third = static_cast<std::size_t>(zones[index]) - 1;
        for_each_label(lungs,
                       [&](std::size_t i) { add(cells[lungs[i] - 1u][third], index * lungs.size() + i); });
    }
    std::array<Counts, lung_region_count> regions{};
    for (std::size_t side = 0; side < 2; ++side)
        for (std::size_t third = 0; third < 3; ++third) {
            const auto& cell = cells[side][third];
            regions[static_cast<std::size_t>(lung_region::both)] += cell;
            regions[static_cast<std::size_t>(lung_region::left) + side] += cell;
            regions[static_cast<std::size_t>(lung_region::left_upper) + 3 * side + third] = cell;
        }
    return regions;
}

/// Counts of the lung under the labels 1 to `count`, in one pass. Throws `std::invalid_argument`, which
/// `caller` begins, for another shape than the CT's and a label above `count`.
template <class Counts, class Add>
[[nodiscard]] std::vector<Counts> counts_by_label(const volume::lung_ct& study,
                                                  const array3<std::uint8_t>& labels, std::uint8_t count,
                                                  std::string_view caller, Add add) {
    if (shape_of(labels) != study.ct().grid().shape)
        throw std::invalid_argument(std::string(caller) + ": the labels' shape differs from the CT's shape");
    std::vector<Counts> parts(count);
    const auto label = flat(labels);
    const auto lungs = flat(study.lungs());
    for_each_label(label, [&](std::size_t i) {
        if (label[i] > count)
            throw std::invalid_argument(std::string(caller) + ": labels go from 0 to " +
                                        std::to_string(count) + ", found " + std::to_string(label[i]));
        if (lungs[i] != 0) add(parts[label[i] - 1u], i);
    });
    return parts;
}

/// Counts of all parts: a pass, and another for each map that the lungs carry.
template <class Counts, class Add>
[[nodiscard]] part_counts<Counts> counts_of_parts(const volume::lung_ct& study, Add add) {
    part_counts<Counts> result{counts_by_region<Counts>(study, add), {}, {}};
    if (const auto& lobes = study.lobes())
        result.lobes = counts_by_label<Counts>(study, *lobes, volume::lobe_count, "lobes", add);
    if (const auto& segments = study.segments())
        result.segments = counts_by_label<Counts>(study, *segments, volume::segment_count, "segments", add);
    return result;
}

} // namespace groundglass::quantification::detail
