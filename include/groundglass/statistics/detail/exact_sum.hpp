#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/exact_sum.hpp>

#include <cmath>
#include <span>
#include <stdexcept>
#include <string>

namespace groundglass::statistics {

namespace detail {

/// A result as a double. Throws `std::invalid_argument`, beginning with `who`, for one that is too large for
/// it; `what` names it. NaN stays.
[[nodiscard]] inline double narrowed(const std::string& who, const char* what, long double value) {
    const auto result = static_cast<double>(value);
    if (std::isinf(result))
        throw std::invalid_argument(
            who + ": " + what +
            " is beyond the largest double (1.8e308); divide all values by a power of ten first");
    return result;
}

} // namespace detail

GROUNDGLASS_INLINE long double exact_mean(std::span<const double> values) {
    exact_sum sum;
    for (const double value : values) sum.add(value);
    return sum.value() / static_cast<long double>(values.size());
}

} // namespace groundglass::statistics
