#pragma once

#include <groundglass/config.hpp>
#include <groundglass/reading/meta_header.hpp>
#include <groundglass/reading/nifti_header.hpp>
#include <groundglass/reading/nrrd_header.hpp>
#include <groundglass/reading/read_header.hpp>

#include <stdexcept>

namespace groundglass::reading {

GROUNDGLASS_INLINE volume_header read_header(file_kind kind, std::string_view start) {
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
