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

namespace detail {

inline bool starts_as_nifti(std::string_view start) {
    using namespace std::string_view_literals;
    for (const auto size : {"\x5c\x01\0\0"sv, "\0\0\x01\x5c"sv, "\x1c\x02\0\0"sv, "\0\0\x02\x1c"sv})
        if (start.starts_with(size)) return true;
    return false;
}

inline bool starts_as_metaimage(std::string_view start) {
    const auto first = start.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return false;
    for (const auto* key : {"ObjectType", "NDims", "Comment"})
        if (start.substr(first).starts_with(key)) return true;
    return start.find("\nNDims") != start.npos && start.find("\nDimSize") != start.npos;
}

} // namespace detail

/// The kind of a file from its first bytes, 512 or more where it has them, whatever its name. `DICM` at byte
/// 128 decides before all else: a preamble may hold any bytes (DICOM PS3.10, 7.1), and real ones look like
/// other formats. An inflated NIfTI is `nifti`; a gzip file is `gzip` until somebody inflates its start.
[[nodiscard]] inline file_kind kind_of_start(std::string_view start) {
    using namespace std::string_view_literals;
    if (start.size() >= 132 && start.substr(128, 4) == "DICM") return file_kind::dicom;
    for (const auto sign : {"PK\x03\x04"sv, "PK\x05\x06"sv, "PK\x07\x08"sv})
        if (start.starts_with(sign)) return file_kind::zip;
    if (start.starts_with("\x1f\x8b"sv)) return file_kind::gzip;
    if (detail::starts_as_nifti(start)) return file_kind::nifti;
    if (start.starts_with("NRRD")) return file_kind::nrrd;
    if (may_be_dicom(start)) return file_kind::dicom;
    if (detail::starts_as_metaimage(start)) return file_kind::metaimage;
    if (start.starts_with("\x89PNG\r\n\x1a\n"sv) || start.starts_with("\xff\xd8\xff"sv))
        return file_kind::picture;
    for (const auto sign : {"7z\xbc\xaf\x27\x1c"sv, "Rar!\x1a\x07"sv, "BZh"sv, "\xfd\x37zXZ\0"sv})
        if (start.starts_with(sign)) return file_kind::archive;
    if (start.size() >= 262 && start.substr(257, 5) == "ustar") return file_kind::archive;
    return file_kind::unknown;
}

} // namespace groundglass::reading
