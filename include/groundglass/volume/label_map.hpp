#pragma once

#include <cstdint>

namespace groundglass {

/// Values of a lung mask. Some other programs number right 1 and left 2.
enum class lung_label : std::uint8_t { none = 0, left = 1, right = 2 };

/// Values of a lesion map.
enum class lesion_label : std::uint8_t { none = 0, ground_glass = 1, consolidation = 2 };

/// Thirds of the lungs by height.
enum class lung_zone : std::uint8_t { none = 0, upper = 1, middle = 2, lower = 3 };

} // namespace groundglass
