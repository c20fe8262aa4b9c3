#pragma once

#include <groundglass/reading/file_kind.hpp>
#include <groundglass/reading/meta_header.hpp>
#include <groundglass/reading/nifti_header.hpp>
#include <groundglass/reading/nrrd_header.hpp>
#include <groundglass/reading/volume_header.hpp>

#include <string_view>

namespace groundglass::reading {

/// The header of a NIfTI, NRRD or MetaImage file from its first bytes, `longest_header` of them where it has
/// so many; those of a NIfTI inflated. Throws `format_error` as the readers of the three formats do, and
/// `std::invalid_argument` for another kind of file.
[[nodiscard]] volume_header read_header(file_kind kind, std::string_view start);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using reading::read_header;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/read_header.hpp>
#endif
