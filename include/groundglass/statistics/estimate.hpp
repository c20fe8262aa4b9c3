#pragma once

#include <groundglass/statistics/bounds.hpp>

#include <limits>

namespace groundglass::statistics {

/// A figure with its interval.
struct estimate {
    double value = std::numeric_limits<double>::quiet_NaN();
    bounds interval;
    friend bool operator==(const estimate&, const estimate&) = default;
};

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using estimate [[deprecated("groundglass::statistics::estimate")]] = statistics::estimate;
} // namespace groundglass
#endif
