#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/label_map.hpp>

#include <cstdint>
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
[[nodiscard]] std::vector<lung_zone> zones_by_height(const array3<std::uint8_t>& lungs);

} // namespace groundglass::volume

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using volume::zones_by_height;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/lung_regions.hpp>
#endif
