#pragma once

#include <groundglass/error.hpp>

#include <limits>
#include <stdexcept>
#include <string>

namespace groundglass::statistics {

/// Lower and upper end of an interval of confidence or credibility; both NaN where there is none.
struct bounds {
    double lower = std::numeric_limits<double>::quiet_NaN();
    double upper = std::numeric_limits<double>::quiet_NaN();
    friend bool operator==(const bounds&, const bounds&) = default;
};

namespace detail {

/// Throws `std::invalid_argument` unless `level` lies strictly between 0 and 1.
inline void check_level(const char* who, double level) {
    if (!(level > 0 && level < 1))
        throw std::invalid_argument(
            std::string(who) + ": level must lie between 0 and 1 (0.95 for 95 %), found " + shown(level));
}

} // namespace detail
} // namespace groundglass::statistics
