#pragma once

#include <groundglass/reading/file_kind.hpp>
#include <groundglass/reading/volume_header.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <variant>

namespace groundglass::io::detail {

/// Whole slices of stored values of one type.
using stored_values =
    std::variant<std::span<const std::int8_t>, std::span<const std::uint8_t>, std::span<const std::int16_t>,
                 std::span<const std::uint16_t>, std::span<const std::int32_t>,
                 std::span<const std::uint32_t>, std::span<const std::int64_t>,
                 std::span<const std::uint64_t>, std::span<const float>, std::span<const double>>;

/// Takes the slices from the given index on.
using slice_sink = std::function<void(std::size_t, const stored_values&)>;

/// A volume in a file, opened but not read.
struct volume_file {
    reading::volume_header header;
    /// Where the voxels are: the path itself, or the file beside it that its header names.
    std::filesystem::path data;

    /// Hands all voxels to the sink in runs of slices of about 4 MiB. Throws `format_error` where the file
    /// ends before they do. `path` is what messages name.
    void read(const std::filesystem::path& path, const slice_sink& sink) const;
};

volume_file open_volume(const std::filesystem::path& path, reading::file_kind kind);

/// The NIfTI header beside an `.img` file, or `path` itself where there is none.
std::filesystem::path header_of_pair(const std::filesystem::path& path);

/// The first `most` bytes of a file, inflated where it is a gzip file.
std::string inflated_start(const std::filesystem::path& path, std::size_t most);

} // namespace groundglass::io::detail
