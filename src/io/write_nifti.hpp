#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/geometry.hpp>

#include <cstdint>
#include <filesystem>

namespace groundglass::io::detail {

/// Writes labels as NIfTI-1, gzipped where the name ends in `.gz`. Throws where the disk fails.
void write_nifti(const std::filesystem::path& path, const array3<std::uint8_t>& labels,
                 const volume::geometry& grid);

} // namespace groundglass::io::detail
