#pragma once

#include <groundglass/config.hpp>
#include <groundglass/reading/wording.hpp>

#include <cstdio>

namespace groundglass::reading {

GROUNDGLASS_INLINE std::string decimal(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    std::string result = text;
    if (result.find('.') != std::string::npos) {
        result.erase(result.find_last_not_of('0') + 1);
        if (result.back() == '.') result.pop_back();
    }
    return result == "-0" ? "0" : result;
}

GROUNDGLASS_INLINE std::string counted(std::size_t n, std::string_view one) {
    return std::to_string(n) + ' ' + std::string(one) + (n == 1 ? "" : "s");
}

GROUNDGLASS_INLINE std::string uid_text(std::string_view uid) {
    std::string result;
    for (const char c : uid.substr(0, 64))
        if ((c >= '0' && c <= '9') || c == '.') result += c;
    return result.empty() ? "(without UID)" : result;
}

GROUNDGLASS_INLINE std::string code_text(std::string_view code) {
    std::string result;
    for (const char c : code.substr(0, 16))
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_') result += c;
    return result.empty() ? "(unreadable)" : result;
}

} // namespace groundglass::reading
