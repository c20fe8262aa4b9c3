#pragma once

#include <groundglass/error.hpp>
#include <groundglass/statistics/bounds.hpp>

#include <stdexcept>
#include <string>

namespace groundglass::statistics::detail {

/// Throws `std::invalid_argument` unless `level` lies strictly between 0 and 1.
inline void check_level(const char* who, double level) {
    if (!(level > 0 && level < 1))
        throw std::invalid_argument(
            std::string(who) + ": level must lie between 0 and 1 (0.95 for 95 %), found " + shown(level));
}

} // namespace groundglass::statistics::detail
