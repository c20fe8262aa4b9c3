#pragma once

#include <groundglass/lungs/label_places.hpp>
#include <groundglass/volume/label_map.hpp>

#include <array>
#include <span>

namespace groundglass::lungs {

/// How a program numbers the five lobes, in the order of `lobe_label`: left upper, left lower, right upper,
/// right middle, right lower.
struct lobe_numbering {
    const char* name = "";
    std::array<std::size_t, volume::lobe_count> values{};
    /// Whether its maps hold other organs beside the lobes.
    bool whole_body = false;
};

/// Numberings in use; the first is this library's.
inline constexpr std::array<lobe_numbering, 5> lobe_numberings{{
    {"lungmask's LTRCLobes", {1, 2, 3, 4, 5}},            // its README
    {"TotalSegmentator 2", {10, 11, 12, 13, 14}, true},   // class map of its task "total"
    {"TotalSegmentator 1", {13, 14, 15, 16, 17}, true},   // the same before version 2
    {"the Chest Imaging Platform", {7, 8, 4, 5, 6}},      // cipChestConventions.h; LUNA16's lobes as well
    {"maps with the right lobes first", {4, 5, 1, 2, 3}}, // no one program's
}};

namespace detail {

// The Chest Imaging Platform (cipChestConventions.h) writes a region in the low byte and a type, such as
// airway or vessel, in the high one. These are its regions of the lungs.
inline constexpr std::size_t chest_whole_lung = 1;
inline constexpr std::array<std::size_t, 6> chest_left{3, 7, 8, 9, 10, 11};
inline constexpr std::array<std::size_t, 7> chest_right{2, 4, 5, 6, 12, 13, 14};

inline bool holds(std::span<const std::size_t> values, std::size_t value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

/// Whether the values are regions of the lungs with types on top: more than one value, one of them above
/// 255, and no region of anything else.
inline bool has_chest_types(const std::vector<label_place>& places) {
    if (places.size() < 2 || places.back().value < 256) return false;
    return std::all_of(places.begin(), places.end(), [](const label_place& place) {
        const std::size_t region = place.value & 255;
        return region <= chest_whole_lung || holds(chest_left, region) || holds(chest_right, region);
    });
}

/// The places with values of one region put together; what has a type and no region, such as the trachea, is
/// left out.
inline std::vector<label_place> without_chest_types(const std::vector<label_place>& places) {
    std::array<label_place, 256> regions{};
    for (const auto& place : places) {
        auto& region = regions[place.value & 255];
        const auto n = static_cast<double>(region.voxels), more = static_cast<double>(place.voxels);
        for (std::size_t axis = 0; axis < 3; ++axis)
            region.centre[axis] = (n * region.centre[axis] + more * place.centre[axis]) / (n + more);
        region.value = place.value & 255;
        region.voxels += place.voxels;
    }
    std::vector<label_place> result;
    for (std::size_t value = 1; value < regions.size(); ++value)
        if (regions[value].voxels > 0) result.push_back(regions[value]);
    return result;
}

/// A new label for each value of a map.
class relabelling {
public:
    explicit relabelling(bool chest_types = false) : chest_types_(chest_types), labels_(65536) {}
    void set(std::size_t value, std::uint8_t label) { labels_[value] = label; }
    [[nodiscard]] std::uint8_t operator()(std::size_t value) const {
        return labels_[chest_types_ ? value & 255 : value];
    }

    template <volume::label_value T>
    [[nodiscard]] array3<std::uint8_t> apply(const array3<T>& map) const {
        auto result = make_array<std::uint8_t>(shape_of(map));
        const auto from = flat(map);
        const auto to = flat(result);
        for (std::size_t i = 0; i < from.size(); ++i)
            if (from[i] != 0) to[i] = (*this)(from[i]);
        return result;
    }

private:
    bool chest_types_;
    std::vector<std::uint8_t> labels_;
};

} // namespace detail

} // namespace groundglass::lungs
