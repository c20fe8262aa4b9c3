#pragma once

#include <string_view>

namespace groundglass::reading {

/// What a file is by its first bytes.
enum class file_kind {
    dicom,
    nifti,
    nrrd,
    metaimage,
    gzip,
    zip,
    /// An archive of another kind: tar, 7z, rar, bzip2 or xz.
    archive,
    picture,
    unknown
};

/// The kinds in their order, as programs call them.
inline constexpr std::string_view file_kind_names[] = {"dicom", "nifti",   "nrrd",    "metaimage", "gzip",
                                                       "zip",   "archive", "picture", "unknown"};

/// Whether these may be the first bytes of a DICOM file without preamble: an element of group 2 or 8.
[[nodiscard]] inline bool may_be_dicom(std::string_view start) {
    return start.size() >= 16 && (start[0] == 2 || start[0] == 8) && start[1] == 0 && start[3] == 0;
}

/// The kind of a file from its first bytes, 512 or more where it has them, whatever its name. `DICM` at byte
/// 128 decides before all else: a preamble may hold any bytes (DICOM PS3.10, 7.1), and real ones look like
/// other formats. An inflated NIfTI is `nifti`; a gzip file is `gzip` until somebody inflates its start.
[[nodiscard]] file_kind kind_of_start(std::string_view start);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using file_kind [[deprecated("groundglass::reading::file_kind")]] = reading::file_kind;
using reading::kind_of_start;
using reading::may_be_dicom;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/file_kind.hpp>
#endif
