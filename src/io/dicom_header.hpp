#pragma once

#include <groundglass/volume/slice_header.hpp>

#include <filesystem>
#include <optional>

// Private to the component.
namespace groundglass::io {

struct dicom_header {
    slice_header slice;
    /// An index of other files rather than an image.
    bool directory = false;
};

enum class header_state { good, not_dicom, broken };

/// Reads what `plan_series` needs from a DICOM file, element by element up to Pixel Data, with what is wrong
/// with the voxels in `damage`. GDCM is not asked: it ends the process at some headers that are cut off.
header_state read_header(const std::filesystem::path& path, dicom_header& header);

} // namespace groundglass::io
