#pragma once

#include <groundglass/volume/ct_volume.hpp>

#include <filesystem>
#include <string>

namespace groundglass::io::detail {

/// The series of this UID, or the one that `plan_series` takes, from a DICOM file or a folder of them.
volume::ct_volume read_dicom(const std::filesystem::path& path, const std::string& series_uid);

} // namespace groundglass::io::detail
