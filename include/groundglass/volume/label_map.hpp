#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

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

/// Throw `std::invalid_argument` for a map with a value that its enum does not name, or a part above `count`.
/// `holder` begins the text, such as "lung_ct: the mask holds", which goes on with the value and those
/// allowed. One pass.
void check_lung_labels(std::span<const std::uint8_t> map, std::string_view holder);
void check_lesion_labels(std::span<const std::uint8_t> map, std::string_view holder);
void check_part_labels(std::span<const std::uint8_t> map, std::uint8_t count, std::string_view holder);

} // namespace groundglass::volume

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using lesion_label [[deprecated("groundglass::volume::lesion_label")]] = volume::lesion_label;
using volume::lobe_count;
using lobe_label [[deprecated("groundglass::volume::lobe_label")]] = volume::lobe_label;
using lung_label [[deprecated("groundglass::volume::lung_label")]] = volume::lung_label;
using lung_zone [[deprecated("groundglass::volume::lung_zone")]] = volume::lung_zone;
using volume::segment_count;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/label_map.hpp>
#endif
