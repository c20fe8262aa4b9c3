#pragma once

#include <groundglass/volume/bit_mask.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace groundglass::lungs {

/// The number types of a picture's values.
template <class T>
concept picture_value = std::same_as<T, std::uint8_t> || std::same_as<T, std::uint16_t> ||
    std::same_as<T, std::int16_t> || std::same_as<T, float> || std::same_as<T, double>;

/// The value that parts a picture's dark from its bright best, by the variance between both over 256 bins
/// from the least to the greatest value. Values up to it are dark; a constant picture is dark throughout.
/// Throws `std::invalid_argument` for no values and for values that are not finite. Method: Otsu, A threshold
/// selection method from gray-level histograms, IEEE Transactions on Systems, Man, and Cybernetics 9
/// (1979) 62.
template <picture_value T>
[[nodiscard]] double otsu_threshold(std::span<const T> values);

/// The air beside the patient in one picture of `(rows, columns)`: dark regions that hold a corner of the
/// picture, or lie along its edge with more pixels than half the root of their area and are small. A lung
/// that the picture's edge cuts is larger, and stays.
template <picture_value T>
[[nodiscard]] volume::bit_mask air_beside_patient(std::span<const T> values, std::size_t rows,
                                                  std::size_t columns);

/// Lungs found in one picture without those parts that lie beside the patient: what is in `beside` goes, and
/// so do the scraps that are left of it, clothes and tubes, which lie mostly within a hundredth of the
/// picture's longer edge, two pixels at least, from it. Both masks are one slice of the same shape.
[[nodiscard]] volume::bit_mask without_beside(const volume::bit_mask& lungs, const volume::bit_mask& beside);

} // namespace groundglass::lungs

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using lungs::air_beside_patient;
using lungs::otsu_threshold;
using lungs::without_beside;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/picture_lungs.hpp>
#endif
