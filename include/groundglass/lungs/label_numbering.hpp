#pragma once

#include <groundglass/volume/label_map.hpp>

#include <array>
#include <cstddef>

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

} // namespace groundglass::lungs

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using lobe_numbering [[deprecated("groundglass::lungs::lobe_numbering")]] = lungs::lobe_numbering;
using lungs::lobe_numberings;
} // namespace groundglass
#endif
