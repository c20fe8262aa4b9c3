#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace groundglass::segmentation {

/// One word for how much time a study's lesions are worth: one network; both, which is what is done without a
/// word; both over four flips.
enum class preset : std::uint8_t { fast, standard, best };

/// What a preset stands for.
struct preset_settings {
    /// Names of the bundled networks, whose files are `NAME.pt`.
    std::span<const std::string_view> models;
    /// As of `lesion_options`; 0 is the size that each network learned at.
    std::size_t long_edge = 0;
    int views = 1;
};

/// `"fast"`, `"standard"` or `"best"`. Throws `std::invalid_argument` for another value.
[[nodiscard]] constexpr std::string_view name_of(preset value) {
    constexpr std::array<std::string_view, 3> names{"fast", "standard", "best"};
    if (static_cast<std::size_t>(value) >= names.size())
        throw std::invalid_argument("name_of: there is no such preset");
    return names[static_cast<std::size_t>(value)];
}

/// The preset of such a name. Throws `std::invalid_argument` for another.
[[nodiscard]] inline preset preset_named(std::string_view name) {
    for (const auto value : {preset::fast, preset::standard, preset::best})
        if (name_of(value) == name) return value;
    throw std::invalid_argument("preset must be 'fast', 'standard' or 'best', found '" + std::string(name) +
                                "'");
}

/// The bundled networks that find lesions.
inline constexpr std::array<std::string_view, 2> lesion_networks{"ensemble-lite", "inf-net-lite"};

/// What it stands for.
[[nodiscard]] constexpr preset_settings settings_of(preset value) {
    switch (value) {
    case preset::fast:
        return {std::span(lesion_networks).first(1), 0, 1};
    case preset::standard:
        return {lesion_networks, 0, 1};
    case preset::best:
        return {lesion_networks, 0, 4};
    }
    throw std::invalid_argument("settings_of: there is no such preset");
}

} // namespace groundglass::segmentation
