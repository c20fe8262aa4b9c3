#include "files.hpp"

#include "volume_file.hpp"

#include <cstddef>
#include <fstream>
#include <ios>

namespace groundglass::io::detail {

void refuse(const std::filesystem::path& path, const std::string& text) {
    throw format_error(path.string() + ": " + text);
}

void refuse(const std::filesystem::path& path, const format_error& error) {
    const std::string text = error.what();
    if (text.starts_with(path.string() + ": ")) throw format_error(error);
    refuse(path, text);
}

std::string start_of(const std::filesystem::path& path, const std::filesystem::path& root) {
    std::ifstream file(path, std::ios::binary);
    if (!file) refuse(root, "it, or a file in it, can't be read; check its permissions");
    std::string start(1024, '\0');
    file.read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(file.gcount()));
    return start;
}

reading::file_kind kind_of(const std::filesystem::path& path) {
    const auto start = start_of(path, path);
    if (start.empty()) refuse(path, "the file is empty");
    auto kind = reading::kind_of_start(start);
    const bool pair = kind == reading::file_kind::gzip || kind == reading::file_kind::unknown;
    if (pair && header_of_pair(path) != path) return reading::file_kind::nifti;
    if (kind == reading::file_kind::gzip) {
        kind = reading::kind_of_start(inflated_start(path, 1024));
        if (kind != reading::file_kind::nifti)
            refuse(path, "a compressed file that holds no NIfTI image; unpack it and give what is inside");
    }
    switch (kind) {
    case reading::file_kind::zip:
        refuse(path, "a zip archive; unpack it and give the folder, or the volume file in it");
    case reading::file_kind::archive:
        refuse(path, "an archive of files (tar, 7z, rar, bzip2 or xz); unpack it and give the folder, or "
                     "the volume file in it");
    case reading::file_kind::picture:
        refuse(path, "a picture, which holds no Hounsfield units");
    case reading::file_kind::unknown:
        refuse(path, "neither DICOM, NIfTI, NRRD nor MetaImage; give a CT in one of these forms");
    default:
        return kind;
    }
}

} // namespace groundglass::io::detail
