#pragma once

#include <groundglass/config.hpp>
#include <groundglass/reading/file_kind.hpp>

#include <algorithm>
#include <array>

namespace groundglass::reading {

namespace detail {

inline bool starts_as_nifti(std::string_view start) {
    using namespace std::string_view_literals;
    constexpr std::array sizes{"\x5c\x01\0\0"sv, "\0\0\x01\x5c"sv, "\x1c\x02\0\0"sv, "\0\0\x02\x1c"sv};
    return std::ranges::any_of(sizes, [&](std::string_view size) { return start.starts_with(size); });
}

inline bool starts_as_metaimage(std::string_view start) {
    const auto first = start.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return false;
    for (const auto* key : {"ObjectType", "NDims", "Comment"})
        if (start.substr(first).starts_with(key)) return true;
    return start.find("\nNDims") != std::string_view::npos &&
           start.find("\nDimSize") != std::string_view::npos;
}

} // namespace detail

GROUNDGLASS_INLINE file_kind kind_of_start(std::string_view start) {
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
