#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/reconstruction.hpp>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace groundglass::volume {

namespace detail {

/// The first value in capitals, without blanks at its ends: further values name strengths of an iteration.
[[nodiscard]] inline std::string kernel_name(std::string_view name) {
    name = name.substr(0, name.find('\\'));
    std::string result;
    for (const char sign : name) result += static_cast<char>(std::toupper(static_cast<unsigned char>(sign)));
    const auto first = result.find_first_not_of(' ');
    return first == std::string::npos ? "" : result.substr(first, result.find_last_not_of(' ') - first + 1);
}

/// The two digits of names such as `B70F`, `BL57D` or `FC51`; -1 for other names.
[[nodiscard]] inline int kernel_number(std::string_view name) {
    const auto is_digit = [](char sign) { return std::isdigit(static_cast<unsigned char>(sign)) != 0; };
    const auto is_letter = [](char sign) { return std::isalpha(static_cast<unsigned char>(sign)) != 0; };
    const auto start =
        static_cast<std::size_t>(std::find_if(name.begin(), name.end(), is_digit) - name.begin());
    if (start < 1 || start > 2 || name.size() < start + 2 || name.size() > start + 3) return -1;
    if (!std::all_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(start), is_letter) ||
        !is_digit(name[start + 1]) || (name.size() == start + 3 && !is_letter(name.back())))
        return -1;
    return 10 * (name[start] - '0') + (name[start + 1] - '0');
}

} // namespace detail

GROUNDGLASS_INLINE bool is_sharp_kernel(std::string_view name) {
    const auto bare = detail::kernel_name(name);
    const auto has = [&](std::string_view word) { return bare.find(word) != std::string::npos; };
    if (has("SOFT") || has("SMOOTH")) return false;
    for (const std::string_view word : {"SHARP", "LUNG", "BONE", "EDGE", "ULTRA"})
        if (has(word)) return true;
    for (const std::string_view philips : {"D", "E", "L", "YA", "YB", "YC", "YD", "YE"})
        if (bare == philips) return true;
    const int number = detail::kernel_number(bare);
    if (bare.starts_with("FC")) {
        const int tens = number / 10;
        return number >= 0 && (tens == 3 || tens == 5 || tens == 8);
    }
    return number >= 50;
}

} // namespace groundglass::volume
