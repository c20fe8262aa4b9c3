#pragma once

#include <groundglass/reading/volume_header.hpp>

#include <string_view>

namespace groundglass::reading {

/// Reads the header of a NIfTI-1 or NIfTI-2 file, single or of a pair, from its first 540 bytes, inflated:
/// byte order, number type, rescale, where the voxels begin, and the grid in LPS.
///
/// The sform is taken where its code is above 0, else the qform where its code is; without either the sizes
/// alone, assuming an orientation, with a note. `forms_disagree` warns where both are coded and a corner of
/// the volume differs by more than a tenth of a voxel. Lengths in metres and micrometres become mm; an
/// unknown unit is mm. Throws `format_error` for everything that is no volume of one number a voxel.
/// Source: nifti1.h and nifti2.h.
[[nodiscard]] volume_header read_nifti_header(std::string_view start);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using reading::read_nifti_header;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/nifti_header.hpp>
#endif
