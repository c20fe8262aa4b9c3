#pragma once

#include <cstdint>
#include <string_view>

namespace groundglass::volume {

/// How the patient lay: on the back, on the front, on the left or on the right side.
enum class patient_position : std::uint8_t { unknown, supine, prone, left_side, right_side };

/// `"unknown"`, `"supine"`, `"prone"`, `"left_side"`, `"right_side"`. Throws `std::invalid_argument` for
/// another value.
[[nodiscard]] std::string_view name_of(patient_position position);

/// The position of such a name. Throws `std::invalid_argument` for another.
[[nodiscard]] patient_position position_named(std::string_view name);

/// What Patient Position (0018,5100) says: `HFS` and `FFS` supine, `HFP` and `FFP` prone, `HFDL`, `FFDR` and
/// so on the side that the patient lay on, whichever end came first. `unknown` for other values, and for
/// none.
[[nodiscard]] patient_position position_of_header(std::string_view value);

} // namespace groundglass::volume

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/patient_position.hpp>
#endif
