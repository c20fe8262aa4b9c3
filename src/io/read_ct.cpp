#include "files.hpp"
#include <groundglass/io/read_ct.hpp>

namespace groundglass::io {

namespace {

volume::ct_volume read_image(const std::filesystem::path& path, reading::file_kind kind) {
    auto volume = open_volume(path, kind);
    try {
        const auto& header = volume.header;
        reading::ct_assembly assembly(header.grid, std::move(volume.header.remarks));
        volume.read(path, [&](std::size_t first, const stored_values& stored) {
            std::visit(
                [&](const auto& values) { assembly.put(first, values, header.slope, header.intercept); },
                stored);
        });
        return std::move(assembly).finish();
    } catch (const format_error& error) {
        const std::string text = error.what();
        if (text.rfind(path.string() + ": ", 0) == 0) throw;
        refuse(path, text);
    }
}

} // namespace

volume::ct_volume read_ct(const std::filesystem::path& path, const read_options& options) {
    std::error_code none;
    if (!std::filesystem::exists(path, none)) refuse(path, "there is no such file or folder");
    const bool folder = std::filesystem::is_directory(path, none);
    const auto kind = folder ? reading::file_kind::dicom : kind_of(path);
    try {
        if (kind == reading::file_kind::dicom) return read_dicom(path, options.series_uid);
        if (!options.series_uid.empty())
            throw std::invalid_argument(
                "read_options: series_uid picks from DICOM files; it has no meaning for a "
                "file with one volume, found " +
                options.series_uid);
        return read_image(path, kind);
    } catch (const std::filesystem::filesystem_error& error) {
        refuse(path, "it, or a file in it, can't be read (" + error.code().message() + ")");
    }
}

} // namespace groundglass::io
