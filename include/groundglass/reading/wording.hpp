#pragma once

/// @file
/// Numbers and codes as the sentences of refusals and notes hold them.

#include <cstddef>
#include <string>
#include <string_view>

namespace groundglass::reading {

/// `2`, `0.625`, `-120.1`: at most `digits` decimals, no trailing zeros.
[[nodiscard]] std::string decimal(double value, int digits = 3);

/// `1 slice`, `3 slices`.
[[nodiscard]] std::string counted(std::size_t n, std::string_view one);

/// A UID with anything but digits and dots taken out, so that nothing else can reach a message through it.
[[nodiscard]] std::string uid_text(std::string_view uid);

/// A DICOM code such as `MR`: capitals, digits, spaces and underscores, at most 16.
[[nodiscard]] std::string code_text(std::string_view code);

} // namespace groundglass::reading

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/wording.hpp>
#endif
