#pragma once

#include <groundglass/error.hpp>
#include <groundglass/reading/ct_assembly.hpp>
#include <groundglass/reading/read_header.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <variant>

// Private to the component: what its sources share.
namespace groundglass::io {

/// What a file is by its first bytes, whatever its name; the `.img` of a NIfTI pair by its header beside it.
/// Throws `format_error` where it is nothing readable.
reading::file_kind kind_of(const std::filesystem::path& path);

/// The first bytes of a file, at most 1024. Throws `format_error` naming `root` where it can't be opened.
std::string start_of(const std::filesystem::path& path, const std::filesystem::path& root);

/// "DIR: text", the form of every message about a file.
[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& text);

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

/// Writes labels as NIfTI-1, gzipped where the name ends in `.gz`. Throws where the disk fails.
void write_nifti(const std::filesystem::path& path, const array3<std::uint8_t>& labels,
                 const volume::geometry& grid);

volume::ct_volume read_dicom(const std::filesystem::path& path, const std::string& series_uid);

} // namespace groundglass::io
