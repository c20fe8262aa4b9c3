#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/hounsfield_statistics.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

namespace groundglass::quantification {

GROUNDGLASS_INLINE hounsfield_statistics hounsfield_sums::statistics() const {
    if (count == 0) return {};
    const auto n = static_cast<double>(count);
    const double mean = static_cast<double>(sum) / n;
    // Sums of squares reach 2^63, beyond a double's 53 bits: the difference is taken in long double.
    const long double variance =
        (static_cast<long double>(sum_of_squares) -
         static_cast<long double>(sum) * static_cast<long double>(sum) / static_cast<long double>(count)) /
        static_cast<long double>(count);
    return {count, mean, static_cast<double>(std::sqrt(variance > 0 ? variance : 0.0L))};
}

GROUNDGLASS_INLINE hounsfield_statistics statistics_within(std::span<const std::int16_t> values,
                                                           std::span<const std::uint8_t> mask) {
    if (values.size() != mask.size())
        throw std::invalid_argument("statistics_within: values and mask differ in length, " +
                                    std::to_string(values.size()) + " and " + std::to_string(mask.size()));
    hounsfield_sums sums;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (mask[i] != 0) sums.add(values[i]);
    return sums.statistics();
}

} // namespace groundglass::quantification
