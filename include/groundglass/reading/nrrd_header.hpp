#pragma once

#include <groundglass/reading/volume_header.hpp>

#include <string_view>

namespace groundglass::reading {

/// Reads the header of an NRRD (`.nrrd`, or `.nhdr` with its voxels in a file beside it) from the first bytes
/// of the file, which hold it whole. Directions in the spaces LPS, RAS and LAS become LPS; those in another
/// space are taken as LPS with a note, as are spacings without directions.
///
/// Throws `format_error` for everything that is no volume of one number a voxel, for encodings other than raw
/// and gzip, and where no spacing is given. Source: teem's definition of the format, versions 1 to 5.
[[nodiscard]] volume_header read_nrrd_header(std::string_view start);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using reading::read_nrrd_header;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/nrrd_header.hpp>
#endif
