#include "dicom.hpp"
#include "files.hpp"
#include "volume_file.hpp"
#include <groundglass/error.hpp>
#include <groundglass/io/read_ct.hpp>
#include <groundglass/reading/ct_assembly.hpp>
#include <groundglass/reading/file_kind.hpp>

#include <cstddef>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>

namespace groundglass::io {

namespace {

volume::ct_volume read_image(const std::filesystem::path& path, reading::file_kind kind) {
    auto volume = detail::open_volume(path, kind);
    try {
        const auto& header = volume.header;
        reading::ct_assembly assembly(header.grid, std::move(volume.header.remarks));
        volume.read(path, [&](std::size_t first, const detail::stored_values& stored) {
            std::visit(
                [&](const auto& values) { assembly.put(first, values, header.slope, header.intercept); },
                stored);
        });
        return std::move(assembly).finish();
    } catch (const format_error& error) {
        detail::refuse(path, error);
    }
}

} // namespace

volume::ct_volume read_ct(const std::filesystem::path& path, const read_options& options) {
    std::error_code none;
    if (!std::filesystem::exists(path, none)) detail::refuse(path, "there is no such file or folder");
    const bool folder = std::filesystem::is_directory(path, none);
    const auto kind = folder ? reading::file_kind::dicom : detail::kind_of(path);
    try {
        if (kind == reading::file_kind::dicom) return detail::read_dicom(path, options.series_uid);
        if (!options.series_uid.empty())
            throw std::invalid_argument(
                "read_options: series_uid picks from DICOM files; it has no meaning for a "
                "file with one volume, found " +
                options.series_uid);
        return read_image(path, kind);
    } catch (const std::filesystem::filesystem_error& error) {
        detail::refuse(path, "it, or a file in it, can't be read (" + error.code().message() + ")");
    }
}

} // namespace groundglass::io
