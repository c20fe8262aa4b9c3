#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/geometry.hpp>

namespace groundglass::volume {

/// Squared distance in mm^2 from each voxel's centre to that of the nearest voxel *not* in the mask: 0
/// outside the mask, infinite everywhere when the mask is full. Beyond the grid counts as in the mask.
///
/// Exact to the rounding of float32; three passes over the volume, linear in its size, 4 bytes a voxel.
/// Throws `std::invalid_argument` for a spacing outside 1e-9 to 1e9 mm, whose squares float32 does not hold.
/// Method: Felzenszwalb, Huttenlocher, Distance transforms of sampled functions, Theory of Computing 8 (2012)
/// 415.
[[nodiscard]] array3<float> squared_distance_mm2(const bit_mask& mask, const vector3& spacing_mm);

} // namespace groundglass::volume

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using volume::squared_distance_mm2;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/distance_transform.hpp>
#endif
