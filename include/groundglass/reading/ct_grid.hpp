#pragma once

#include <groundglass/error.hpp>
#include <groundglass/volume/geometry.hpp>

#include <cstddef>

namespace groundglass::reading {

/// More voxels than any scanner makes (2 000 slices of 1024 x 1024 as int16, 4 GiB).
inline constexpr std::size_t most_voxels = std::size_t{1} << 31;
/// Distances of voxels in mm: photon-counting scanners go down to 0.1, sparse old series up to 20. Micro-CT
/// lies below.
inline constexpr double least_spacing_mm = 0.05, most_spacing_mm = 50;
/// A scanner's table moves by two metres.
inline constexpr double most_extent_mm = 3000;
/// Gantries tilt by up to 30 degrees.
inline constexpr double most_tilt_degrees = 45;
/// Rows and columns may be off a right angle by what cosines of two decimals amount to.
inline constexpr double most_cosine_in_slice = 0.01;

/// The largest angle in degrees by which two axes are off a right angle.
[[nodiscard]] double shear_degrees(const volume::geometry& grid);

/// Refuses with `format_error` the grid of a volume, in any orientation, that no CT of a body has: no or too
/// many voxels, distances or extents out of the bounds above, axes 45° or more off the body's, or sheared
/// otherwise than a gantry tilt shears them. Slices may be tilted against their axis, since every stage works
/// within slices or with the volume of a voxel; rows and columns must be perpendicular, because a model that
/// looks at a slice would see a skewed body. One check for all formats.
void check_ct_grid(const volume::geometry& grid);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using reading::check_ct_grid;
using reading::least_spacing_mm;
using reading::most_cosine_in_slice;
using reading::most_extent_mm;
using reading::most_spacing_mm;
using reading::most_tilt_degrees;
using reading::shear_degrees;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/ct_grid.hpp>
#endif
