#pragma once

/// @file
/// The UIDs of DICOM PS3.6 that decide how a file is read.

#include <string_view>

namespace groundglass::reading {

inline constexpr std::string_view ct_image_class = "1.2.840.10008.5.1.4.1.1.2";
inline constexpr std::string_view enhanced_ct_class = "1.2.840.10008.5.1.4.1.1.2.1";
inline constexpr std::string_view legacy_enhanced_ct_class = "1.2.840.10008.5.1.4.1.1.2.2";
inline constexpr std::string_view secondary_capture_class = "1.2.840.10008.5.1.4.1.1.7";
/// Of a DICOMDIR, an index of other files.
inline constexpr std::string_view directory_class = "1.2.840.10008.1.3.10";

/// Whether a SOP class is this one or one below it, as Enhanced CT lies below CT.
[[nodiscard]] constexpr bool of_class(std::string_view sop, std::string_view parent) {
    return sop.substr(0, parent.size()) == parent &&
           (sop.size() == parent.size() || sop[parent.size()] == '.');
}

/// Transfer syntaxes whose voxels are not compressed, and that of files that are deflated as a whole.
inline constexpr std::string_view implicit_little_syntax = "1.2.840.10008.1.2";
inline constexpr std::string_view explicit_little_syntax = "1.2.840.10008.1.2.1";
inline constexpr std::string_view explicit_big_syntax = "1.2.840.10008.1.2.2";
inline constexpr std::string_view deflated_syntax = "1.2.840.10008.1.2.1.99";
/// JPEG Lossless, process 14: any predictor, and the first alone, as scanners write it.
inline constexpr std::string_view jpeg_lossless_syntax = "1.2.840.10008.1.2.4.57";
inline constexpr std::string_view jpeg_lossless_first_syntax = "1.2.840.10008.1.2.4.70";

} // namespace groundglass::reading
