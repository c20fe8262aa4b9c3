#pragma once

#include <array>
#include <cstddef>

namespace groundglass {

/// `(slices, rows, columns)` of a volume. Apart from `array.hpp`, so that who only speaks of shapes compiles
/// no array.
using shape3 = std::array<std::size_t, 3>;

} // namespace groundglass
