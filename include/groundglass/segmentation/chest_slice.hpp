#pragma once

#include <groundglass/config.hpp>
#include <groundglass/segmentation/preprocess.hpp>

#include <cstdint>
#include <span>

namespace groundglass::segmentation {

/// Below this probability a picture is not taken for a slice through the lungs.
inline constexpr double least_chest_slice_probability = 0.2;

/// How likely a picture is an axial CT slice through the lungs, 0 to 1, by a network of 53,000 whole numbers
/// that sees it at 64 x 64 pixels. `grey` has `size.area()` values, row by row; any window, colour scheme as
/// grey, part with most of the lungs, or quarter turn will do. Throws `std::invalid_argument` where the
/// number of values is not that of the size. Takes about 3 ms. `docs/explanation/pictures.md` says how often
/// it errs.
[[nodiscard]] GROUNDGLASS_EXPORT double chest_slice_probability(std::span<const std::uint8_t> grey,
                                                                image_size size);

} // namespace groundglass::segmentation
