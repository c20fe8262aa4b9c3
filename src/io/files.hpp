#pragma once

#include <groundglass/error.hpp>
#include <groundglass/reading/file_kind.hpp>

#include <filesystem>
#include <string>

namespace groundglass::io::detail {

/// What a file is by its first bytes, whatever its name; the `.img` of a NIfTI pair by its header beside it.
/// Throws `format_error` where it is nothing readable.
reading::file_kind kind_of(const std::filesystem::path& path);

/// The first bytes of a file, at most 1024. Throws `format_error` naming `root` where it can't be opened.
std::string start_of(const std::filesystem::path& path, const std::filesystem::path& root);

/// "DIR: text", the form of every message about a file.
[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& text);

/// Throws the error again, naming the path where its text does not yet.
[[noreturn]] void refuse(const std::filesystem::path& path, const format_error& error);

} // namespace groundglass::io::detail
