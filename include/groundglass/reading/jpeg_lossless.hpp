#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace groundglass::reading {

/// Decodes one frame of JPEG Lossless (ITU-T T.81, process 14, any of its seven predictors): `stream` from
/// SOI to EOI into `values`, `rows` times `columns` of them, as they were coded, of `precision` bits at most.
///
/// False, with anything in `values`, for whatever is unusual: another process or size, several components,
/// restarts, a point transform, a code that is none, bits that end early, bytes between the last value and
/// EOI. That is left to decoders that know all of the standard and can say what is wrong. O(pixels), about 5
/// ns each, with the coded bytes once more in memory.
[[nodiscard]] bool decode_jpeg_lossless(std::string_view stream, std::size_t rows, std::size_t columns,
                                        unsigned precision, std::span<std::uint16_t> values);

} // namespace groundglass::reading

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/jpeg_lossless.hpp>
#endif
