#include "files.hpp"

#include <fstream>

namespace groundglass::io {

namespace {

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

bool is_nifti(std::string_view start) {
    using namespace std::string_view_literals;
    for (const auto size : {"\x5c\x01\0\0"sv, "\0\0\x01\x5c"sv, "\x1c\x02\0\0"sv, "\0\0\x02\x1c"sv})
        if (begins(start, size)) return true;
    return false;
}

} // namespace

void refuse(const std::filesystem::path& path, const std::string& text) {
    throw format_error(path.string() + ": " + text);
}

std::string start_of(const std::filesystem::path& path, const std::filesystem::path& root) {
    std::ifstream file(path, std::ios::binary);
    if (!file) refuse(root, "it, or a file in it, can't be read; check its permissions");
    std::string start(1024, '\0');
    file.read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(file.gcount()));
    return start;
}

bool may_be_dicom(std::string_view start) {
    if (start.size() >= 132 && start.substr(128, 4) == "DICM") return true;
    return start.size() >= 16 && (start[0] == 2 || start[0] == 8) && start[1] == 0 && start[3] == 0;
}

file_kind kind_of(const std::filesystem::path& path) {
    const auto start = start_of(path, path);
    if (start.empty()) refuse(path, "the file is empty");
    // A compressed NIfTI shows itself when it is opened.
    if (begins(start, "\x1f\x8b") || is_nifti(start)) return file_kind::nifti;
    if (begins(start, "NRRD")) return file_kind::nrrd;
    if (may_be_dicom(start)) return file_kind::dicom;
    for (const auto* key : {"ObjectType", "NDims", "Comment"})
        if (begins(start, key)) return file_kind::metaimage;
    if (begins(start, "PK")) refuse(path, "a zip archive; unpack it and give the folder");
    if (begins(start, "\x89PNG") || begins(start, "\xff\xd8\xff"))
        refuse(path, "a picture, which holds no Hounsfield units");
    refuse(path, "neither DICOM, NIfTI, NRRD nor MetaImage; give a CT in one of these forms");
}

} // namespace groundglass::io
