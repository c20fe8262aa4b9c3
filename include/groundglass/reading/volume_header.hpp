#pragma once

#include <groundglass/error.hpp>
#include <groundglass/note.hpp>
#include <groundglass/reading/ct_grid.hpp>
#include <groundglass/volume/geometry.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace groundglass::reading {

/// How a voxel is stored.
enum class number_type : std::uint8_t {
    int8,
    uint8,
    int16,
    uint16,
    int32,
    uint32,
    int64,
    uint64,
    float32,
    float64
};

/// Bytes of one voxel.
[[nodiscard]] constexpr std::size_t size_of(number_type type) {
    constexpr std::size_t sizes[] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
    return sizes[static_cast<std::size_t>(type)];
}

/// The longest header that is read; a Slicer segmentation of a hundred segments has 50 kB.
inline constexpr std::size_t longest_header = std::size_t{1} << 20;
/// What deflate can shrink by at the most.
inline constexpr std::uint64_t most_deflate = 1032;

/// What the header of a volume file says, checked. No library sees a header before this.
struct volume_header {
    /// Axes in the order of the file, from the slowest to the fastest, in LPS.
    volume::geometry grid;
    number_type type = number_type::int16;
    bool big_endian = false;
    /// Values are `slope * stored + intercept`.
    double slope = 1;
    double intercept = 0;

    /// Name, without a folder, of the file beside the header that holds the voxels; empty where the header's
    /// own file holds them, or where `pair` is set.
    std::string data_file;
    /// NIfTI `.hdr` whose voxels are in the `.img` of the same name.
    bool pair = false;
    /// Byte of the data file where the voxels begin, or where the compressed stream begins.
    std::uint64_t offset = 0;
    /// Whether a zlib or gzip stream begins there.
    bool deflated = false;
    /// Bytes of the inflated stream before the voxels.
    std::uint64_t skip = 0;
    /// The voxels are the last bytes of the data file, whatever `offset` says.
    bool at_end = false;

    /// What a reader must know: `orientation_assumed`, `forms_disagree`, `sheared_axes`.
    notes remarks;

    /// Says that the whole data file is compressed, as a `.nii.gz` is.
    void inflate_all() {
        deflated = true;
        skip = std::exchange(offset, 0);
    }

    /// Bytes of all voxels. No overflow: the grid has been checked.
    [[nodiscard]] std::uint64_t voxel_bytes() const { return grid.size() * size_of(type); }
};

/// Sets `offset` for voxels at the end, and throws `format_error` where a data file of `length` bytes can't
/// hold what the header claims: before any memory is taken for it.
void fit_to_length(volume_header& header, std::uint64_t length);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using reading::fit_to_length;
using reading::most_deflate;
using number_type [[deprecated("groundglass::reading::number_type")]] = reading::number_type;
using reading::size_of;
using volume_header [[deprecated("groundglass::reading::volume_header")]] = reading::volume_header;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/volume_header.hpp>
#endif
