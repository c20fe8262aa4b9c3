#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/patient_position.hpp>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace groundglass::volume {

namespace detail {
inline constexpr std::array<std::string_view, 5> position_names{"unknown", "supine", "prone", "left_side",
                                                                "right_side"};
} // namespace detail

GROUNDGLASS_INLINE std::string_view name_of(patient_position position) {
    const auto place = static_cast<std::size_t>(position);
    if (place >= detail::position_names.size())
        throw std::invalid_argument("name_of: there is no such patient position");
    return detail::position_names[place];
}

GROUNDGLASS_INLINE patient_position position_named(std::string_view name) {
    for (std::size_t i = 0; i < detail::position_names.size(); ++i)
        if (detail::position_names[i] == name) return static_cast<patient_position>(i);
    throw std::invalid_argument(
        "position must be 'supine', 'prone', 'left_side', 'right_side' or 'unknown', found '" +
        std::string(name) + "'");
}

GROUNDGLASS_INLINE patient_position position_of_header(std::string_view value) {
    while (!value.empty() && (value.back() == ' ' || value.back() == '\0')) value.remove_suffix(1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    // Head, feet, left or right first; anterior or posterior first where the patient lies across.
    if (value.size() < 3 || value[1] != 'F' ||
        std::string_view("HFLRAP").find(value[0]) == std::string_view::npos)
        return patient_position::unknown;
    const auto lies = value.substr(2);
    if (lies == "S") return patient_position::supine;
    if (lies == "P") return patient_position::prone;
    if (lies == "DL") return patient_position::left_side;
    if (lies == "DR") return patient_position::right_side;
    return patient_position::unknown;
}

} // namespace groundglass::volume
