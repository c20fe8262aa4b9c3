#pragma once

#include <groundglass/reading/slice_header.hpp>

#include <iosfwd>
#include <string>
#include <string_view>

namespace groundglass::reading {

/// What is wrong with the voxels of a DICOM file, such as "its compressed voxels are cut off", from lengths
/// alone; empty when nothing is. Decoders make images of any claimed size out of short files, some without a
/// word. `file` stands before the tag of Pixel Data (7FE0,0010), or wherever the header ended without one.
/// `transfer_syntax` is the UID of the file's meta header. Reads the first bytes of
/// each fragment, where a decoder finds the size that it allocates.
[[nodiscard]] std::string pixel_data_damage(std::istream& file, const slice_header& header,
                                            std::string_view transfer_syntax);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass::io {
using reading::pixel_data_damage;
} // namespace groundglass::io
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/pixel_data.hpp>
#endif
