#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/label_map.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace groundglass::volume {

namespace detail {

inline void refuse_above(std::span<const std::uint8_t> map, std::uint8_t most, std::string_view holder,
                         std::string_view allowed) {
    std::uint8_t highest = 0; // without an early end the loop is one of vector instructions
    for (const auto label : map) highest = std::max(highest, label);
    if (highest <= most) return;
    const auto first = *std::ranges::find_if(map, [=](std::uint8_t label) { return label > most; });
    throw std::invalid_argument(std::string(holder) + " the value " + std::to_string(first) + "; " +
                                std::string(allowed) + " are allowed");
}

} // namespace detail

GROUNDGLASS_INLINE void check_lung_labels(std::span<const std::uint8_t> map, std::string_view holder) {
    detail::refuse_above(map, static_cast<std::uint8_t>(lung_label::right), holder,
                         "0 none, 1 left lung and 2 right lung");
}

GROUNDGLASS_INLINE void check_lesion_labels(std::span<const std::uint8_t> map, std::string_view holder) {
    detail::refuse_above(map, static_cast<std::uint8_t>(lesion_label::consolidation), holder,
                         "0 none, 1 ground glass and 2 consolidation");
}

GROUNDGLASS_INLINE void check_part_labels(std::span<const std::uint8_t> map, std::uint8_t count,
                                          std::string_view holder) {
    detail::refuse_above(map, count, holder, "0 to " + std::to_string(count));
}

} // namespace groundglass::volume
