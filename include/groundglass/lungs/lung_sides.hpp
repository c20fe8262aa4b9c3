#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/ct_volume.hpp>

#include <cstdint>

namespace groundglass::lungs {

/// How sides were found in a mask that does not tell them.
enum class sides_by : std::uint8_t {
    parts,      ///< two lungs, told apart by their shape
    cut,        ///< two lungs that no shape tells apart, cut at the middle of the body
    place,      ///< one lung, by where it lies
    near_middle ///< one lung, near the middle of the body: its side is uncertain
};

struct lung_sides {
    /// `lung_label` values.
    array3<std::uint8_t> labels;
    sides_by how = sides_by::place;
    /// As `lung_pair::parted_at_mm`; 0 where there is one lung.
    double parted_at_mm = 0;
};

/// Tells left from right in a mask of both lungs or of one, without trachea and main bronchi.
///
/// What holds at least 3 % of itself on each side of the body's middle is parted by `separate_lungs`, where
/// the two parts then lie on both sides; else it is cut at the middle where more than a fifth lies on either
/// side. All other pieces go where their centres lie. Throws `std::invalid_argument` for another shape. Cost:
/// that of `middle_of_body` and `separate_lungs`, and one pass.
[[nodiscard]] lung_sides find_sides(const volume::ct_volume& ct, const volume::bit_mask& lungs);

} // namespace groundglass::lungs

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/lung_sides.hpp>
#endif
