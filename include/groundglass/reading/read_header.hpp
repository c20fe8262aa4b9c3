#pragma once

#include <groundglass/reading/file_kind.hpp>
#include <groundglass/reading/meta_header.hpp>
#include <groundglass/reading/nifti_header.hpp>
#include <groundglass/reading/nrrd_header.hpp>

#include <stdexcept>

namespace groundglass::reading {

/// The header of a NIfTI, NRRD or MetaImage file from its first bytes, `longest_header` of them where it has
/// so many; those of a NIfTI inflated. Throws `format_error` as the readers of the three formats do, and
/// `std::invalid_argument` for another kind of file.
[[nodiscard]] inline volume_header read_header(file_kind kind, std::string_view start) {
    switch (kind) {
    case file_kind::nifti:
        return read_nifti_header(start);
    case file_kind::nrrd:
        return read_nrrd_header(start);
    case file_kind::metaimage:
        return read_meta_header(start);
    default:
        throw std::invalid_argument("read_header: a NIfTI, NRRD or MetaImage file is needed");
    }
}

} // namespace groundglass::reading
