#pragma once

#include <groundglass/reading/volume_header.hpp>

#include <string_view>

namespace groundglass::reading {

/// Reads the header of a MetaImage (`.mha`, or `.mhd` with its voxels in a file beside it) from the first
/// bytes of the file, which hold it whole. `TransformMatrix` holds a row for each axis of the file, in LPS.
///
/// Throws `format_error` for everything that is no volume of one number a voxel, for voxels as text or spread
/// over several files, and where no spacing is given. Source: the documentation of MetaIO.
[[nodiscard]] volume_header read_meta_header(std::string_view start);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using reading::read_meta_header;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/meta_header.hpp>
#endif
