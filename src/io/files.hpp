#pragma once

#include <groundglass/error.hpp>
#include <groundglass/volume/ct_assembly.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <variant>

// Private to the component: what its sources share.
namespace groundglass::io {

enum class file_kind { dicom, nifti, nrrd, metaimage };

/// What a file is by its first bytes, whatever its name. Throws `format_error` where it is nothing readable.
file_kind kind_of(const std::filesystem::path& path);

/// Whether these may be the first bytes of a DICOM file: its preamble, or an element of group 2 or 8.
bool may_be_dicom(std::string_view start);

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
struct image_file {
    geometry grid;
    /// Whether the file says how its axes lie in the patient.
    bool oriented = true;
    double slope = 1;
    double intercept = 0;
    /// Hands all voxels to the sink in runs of slices. Where `room`, if not empty, fits the type, it is read
    /// into.
    std::function<void(const slice_sink&, std::span<std::int16_t> room)> read;
};

image_file open_image(const std::filesystem::path& path, file_kind kind);

/// Adds slope, intercept and a reader of the voxels that notices where the file ends too early: ITK does not.
void stream_nifti(const std::filesystem::path& path, image_file& image);

ct_volume read_dicom(const std::filesystem::path& path, const std::string& series_uid);

} // namespace groundglass::io
