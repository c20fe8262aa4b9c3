#pragma once

#include <groundglass/volume/ct_volume.hpp>

#include <filesystem>

namespace groundglass::io {

/// Reads a mask of labels from 0 to `highest` (5 for lobes, 20 for segments) from a NIfTI, NRRD or MetaImage
/// file of any number type, in the grid of `like`. Axes may be swapped or reversed; nothing
/// is interpolated. Throws `format_error` for another grid (telling both), for other values (telling one),
/// and for files that can't be read.
[[nodiscard]] array3<std::uint8_t> read_labels(const std::filesystem::path& path, const ct_volume& like,
                                               std::uint8_t highest = 2);

/// Writes labels and where they lie, compressed where the format can; the ending picks the format. The file
/// is written under another name beside it and then renamed, so that it is there whole or not at all. Throws
/// `std::invalid_argument` for another ending or another shape than the grid's, and `format_error` where the
/// file can't be written. NIfTI holds the grid of a tilted gantry in its sform; a qform, which can't, is then
/// absent, and programs that read nothing else refuse the file.
void write_labels(const std::filesystem::path& path, const array3<std::uint8_t>& labels,
                  const geometry& grid);

} // namespace groundglass::io
