#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/geometry.hpp>

#include <cstdint>
#include <filesystem>

namespace groundglass::io::detail {

/// Writes labels, compressed, as the NRRD or MetaImage that the ending says, `.nrrd` or `.mha`. Throws where
/// the disk fails.
void write_itk(const std::filesystem::path& path, const array3<std::uint8_t>& labels,
               const volume::geometry& grid);

} // namespace groundglass::io::detail
