#pragma once

#include <groundglass/error.hpp>

#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <string>
#include <string_view>

namespace groundglass::segmentation::detail {

/// The one line of a LibTorch message that a person can use: the last `SomethingError: ...` of a TorchScript
/// traceback, or else the first line, without the place in LibTorch's own source.
[[nodiscard]] inline std::string meaningful_line(std::string_view message) {
    std::string first;
    std::string error;
    while (!message.empty()) {
        const auto end = message.find('\n');
        std::string_view line = message.substr(0, end);
        message = end == std::string_view::npos ? std::string_view{} : message.substr(end + 1);
        const auto begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos) continue;
        line = line.substr(begin);
        if (line.starts_with("Exception raised from") || line.starts_with("frame #")) break;
        if (const auto place = line.find(" (Exception raised from"); place != std::string_view::npos)
            line = line.substr(0, place);
        if (first.empty()) first = line;
        const auto colon = line.find(": ");
        if (colon != std::string_view::npos && line.substr(0, colon).ends_with("Error") &&
            line.find(' ') == colon + 1)
            error = line.substr(colon + 2);
    }
    if (!error.empty()) return error;
    return first.empty() ? "no reason given" : first;
}

/// Whatever LibTorch throws leaves as `model_error`.
template <class F>
auto translated(const std::string& what, const std::string& advice, F&& function) -> decltype(function()) {
    std::string reason;
    try {
        return function();
    } catch (const model_error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const c10::Error& error) {
        reason = meaningful_line(error.what_without_backtrace());
    } catch (const std::exception& error) {
        reason = meaningful_line(error.what());
    }
    if (reason.find("can't allocate memory") != std::string::npos)
        throw std::bad_alloc(); // not the model's fault
    throw model_error(what + " (" + reason + ")" + (advice.empty() ? "" : "; " + advice));
}

} // namespace groundglass::segmentation::detail
