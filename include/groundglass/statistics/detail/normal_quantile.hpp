#pragma once

#include <boost/math/special_functions/erf.hpp>

#include <cmath>

namespace groundglass::statistics::detail {

/// The quantile of the standard normal distribution that leaves half of 1 - level above it.
[[nodiscard]] inline double two_sided_normal_quantile(double level) {
    return std::sqrt(2.0) * boost::math::erfc_inv(1 - level);
}

} // namespace groundglass::statistics::detail
