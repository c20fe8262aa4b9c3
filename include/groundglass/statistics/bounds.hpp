#pragma once

#include <limits>

namespace groundglass::statistics {

/// Lower and upper end of an interval of confidence or credibility; both NaN where there is none.
struct bounds {
    double lower = std::numeric_limits<double>::quiet_NaN();
    double upper = std::numeric_limits<double>::quiet_NaN();
    friend bool operator==(const bounds&, const bounds&) = default;
};

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using bounds [[deprecated("groundglass::statistics::bounds")]] = statistics::bounds;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/bounds.hpp>
#endif
