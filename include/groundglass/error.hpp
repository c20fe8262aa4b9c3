#pragma once

#include <groundglass/config.hpp>

#include <charconv>
#include <stdexcept>
#include <string>

namespace groundglass {

/// A file, series or volume that can't be taken as what it claims to be. The text says what was found, where,
/// and what to do. A wrong *option* is `std::invalid_argument` instead. Python: `groundglass.FormatError`, a
/// `ValueError`.
struct GROUNDGLASS_EXPORT format_error final : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A model that can't be loaded or run. No type of the engine behind it ever leaves the library.
/// Python: `groundglass.ModelError`, a `RuntimeError`.
struct GROUNDGLASS_EXPORT model_error final : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A number as a refusal names it: the shortest text that reads back as the same double.
[[nodiscard]] inline std::string shown(double value) {
    char text[32];
    auto* const end = std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
}

} // namespace groundglass
