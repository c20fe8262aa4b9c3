#pragma once

#include <concepts>
#include <cstdint>

namespace groundglass::volume {

/// The number types of label maps: other programs number their labels up to a few thousand.
template <class T>
concept label_value = std::same_as<T, std::uint8_t> || std::same_as<T, std::uint16_t>;

/// Values of a lung mask. Some other programs number right 1 and left 2.
enum class lung_label : std::uint8_t { none = 0, left = 1, right = 2 };

/// Values of a lesion map.
enum class lesion_label : std::uint8_t { none = 0, ground_glass = 1, consolidation = 2 };

/// Values of a map of lobes: the order of most lobe segmentations.
enum class lobe_label : std::uint8_t {
    none = 0,
    left_upper = 1,
    left_lower = 2,
    right_upper = 3,
    right_middle = 4,
    right_lower = 5
};
inline constexpr std::uint8_t lobe_count = 5;

/// A map of segments holds 1 to 20, in any order: ten regions a lung, as Yang et al. (2020,
/// doi:10.1148/ryct.2020200047) divide them.
inline constexpr std::uint8_t segment_count = 20;

/// Thirds of the lungs by height.
enum class lung_zone : std::uint8_t { none = 0, upper = 1, middle = 2, lower = 3 };

} // namespace groundglass::volume
