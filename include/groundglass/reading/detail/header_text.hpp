#pragma once

#include <groundglass/error.hpp>
#include <groundglass/reading/wording.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

// How the text headers of NRRD and MetaImage are taken apart.
namespace groundglass::reading::detail {

inline std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

inline std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

/// Words between blanks; more than `most` of them throw, so that a line of a megabyte makes no million words.
inline std::vector<std::string_view> words_of(std::string_view text, std::size_t most, const char* field) {
    std::vector<std::string_view> result;
    for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
        if (result.size() == most)
            throw format_error(std::string("its field '") + field + "' holds more than " +
                               counted(most, "value") + ": the header is damaged");
        const auto end = std::min(text.find_first_of(" \t\r\n\v\f"), text.size());
        result.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return result;
}

/// The whole text as a number; throws naming the field, never its text, which may be anything.
template <class T>
T number_of(std::string_view text, const char* field) {
    text = trimmed(text);
    if (text.starts_with('+')) text.remove_prefix(1);
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        throw format_error(std::string("its field '") + field + "' holds no " +
                           (std::is_integral_v<T> ? "whole number" : "number") +
                           " where one is expected: the header is damaged");
    return value;
}

/// Exactly `count` numbers.
template <class T>
std::vector<T> numbers_of(std::string_view text, std::size_t count, const char* field) {
    std::vector<T> result;
    for (const auto word : words_of(text, count, field)) result.push_back(number_of<T>(word, field));
    if (result.size() != count)
        throw format_error(std::string("its field '") + field + "' holds " + counted(result.size(), "value") +
                           " instead of " + std::to_string(count) + ": the header is damaged");
    return result;
}

/// A name that a header gives to its data file: only one beside the header is taken, without a folder.
inline std::string plain_name(std::string_view name) {
    while (name.starts_with("./") || name.starts_with(".\\")) name.remove_prefix(2);
    const bool list = lower(name.substr(0, 4)) == "list" && (name.size() == 4 || name[4] == ' ');
    if (list || name.find('%') != std::string_view::npos)
        throw format_error("its voxels are spread over several files; save it as one file");
    if (name.empty() || name == "." || name == ".." || name.find_first_of("/\\") != std::string_view::npos ||
        name.find('\0') != std::string_view::npos || name.size() > 1024)
        throw format_error("the header names voxels in another folder; copy that file beside the header and "
                           "name it there without a folder");
    return std::string(name);
}

} // namespace groundglass::reading::detail
