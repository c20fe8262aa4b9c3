#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/label_map.hpp>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <type_traits>

namespace groundglass::io {

/// Reads a mask of whole numbers from 0 to `highest` from a NIfTI, NRRD or MetaImage file of any number type,
/// in the grid of `like`, or from a folder with a file for each lobe or lung, told by their names
/// (`part_by_name`): 1 to 5 as `lobe_label`, else 1 and 2 as `lung_label`, else 1 for both lungs.
///
/// Axes may be swapped or reversed; nothing is interpolated. What the numbers mean is for `with_lungs` and
/// `with_lobes` to say, which take a map of 16 bits for programs that number beyond 255. Throws
/// `format_error` for another grid (telling both), for other values (telling one), for a folder of other
/// files, and for files that can't be read. For `std::uint8_t` and `std::uint16_t`.
template <volume::label_value T = std::uint8_t>
[[nodiscard]] GROUNDGLASS_EXPORT array3<T>
read_labels(const std::filesystem::path& path, const volume::ct_volume& like,
            std::type_identity_t<T> highest = std::numeric_limits<T>::max());

/// Writes labels and where they lie, compressed where the format can; the ending picks the format. The file
/// is written under another name beside it and then renamed, so that it is there whole or not at all. Throws
/// `std::invalid_argument` for another ending or another shape than the grid's, and `format_error` where the
/// file can't be written. NIfTI holds the grid of a tilted gantry in its sform; a qform, which can't, is then
/// absent, and programs that read nothing else refuse the file.
GROUNDGLASS_EXPORT void write_labels(const std::filesystem::path& path, const array3<std::uint8_t>& labels,
                                     const volume::geometry& grid);

} // namespace groundglass::io
