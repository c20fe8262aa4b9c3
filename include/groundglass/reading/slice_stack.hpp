#pragma once

#include <groundglass/error.hpp>
#include <groundglass/note.hpp>
#include <groundglass/reading/slice_header.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/reconstruction.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace groundglass::reading {

/// Slices in the order of space, and where their voxels lie.
struct slice_stack {
    /// Indices into the headers, along the slice axis; towards the head for axial slices.
    std::vector<std::size_t> order;
    /// As acquired: `to_axial` turns sagittal, coronal and flipped volumes.
    volume::geometry grid;
    notes remarks;
    /// As one of the slices says.
    volume::reconstruction made;
};

/// Orders slices that share plane, size and spacing by their position along the normal of the slices, never
/// by name or number, and computes their grid from the positions alone. `members` are indices into `headers`;
/// `tolerance` is how far, in parts of the spacing, a position may lie off the even grid (rounding in the
/// header).
///
/// Notes: `gantry_tilt`, `uneven_positions`, `slice_overlap`, `slice_gap`, `single_slice`,
/// `orientation_assumed`, `position_assumed`, `rescale_missing`, `rescale_varies`, `tilt_not_in_positions`,
/// `lossy_compression`. Throws `format_error` for missing, doubled, unevenly spaced or sideways shifted
/// slices, and where a position, the pixel spacing, a single slice's thickness or some slices' rescale is
/// absent. O(n log n).
[[nodiscard]] slice_stack stack_slices(std::span<const slice_header> headers,
                                       std::vector<std::size_t> members, double tolerance = 0.1);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using slice_stack [[deprecated("groundglass::reading::slice_stack")]] = reading::slice_stack;
using reading::stack_slices;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/slice_stack.hpp>
#endif
