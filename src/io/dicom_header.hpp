#pragma once

#include <groundglass/reading/frames.hpp>
#include <groundglass/reading/slice_header.hpp>

#include <filesystem>
#include <optional>
#include <vector>

namespace groundglass::io::detail {

struct dicom_header {
    /// One, or one for each frame.
    std::vector<reading::slice_header> slices;
    /// Where there are frames.
    std::optional<reading::frame_source> frames;
    /// An index of other files rather than an image.
    bool directory = false;
};

enum class header_state { good, not_dicom, broken };

/// Reads what `plan_series` needs from a DICOM file, element by element up to Pixel Data, with what is wrong
/// with the voxels in `damage` of the first slice. GDCM is not asked: it ends the process at some headers
/// that are cut off.
header_state read_dicom_header(const std::filesystem::path& path, dicom_header& header);

} // namespace groundglass::io::detail
