#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>

namespace groundglass::quantification {

/// Mean and population standard deviation in HU; both NaN over no voxels.
struct hounsfield_statistics {
    std::uint64_t count = 0;
    double mean = std::numeric_limits<double>::quiet_NaN();
    double sd = std::numeric_limits<double>::quiet_NaN();
};

/// Running sums of int16 HU as integers: exact for up to 2^33 voxels, and sums of parts are the sum of the
/// whole.
struct hounsfield_sums {
    std::uint64_t count = 0;
    std::int64_t sum = 0;
    std::int64_t sum_of_squares = 0;

    constexpr void add(std::int16_t hu) {
        ++count;
        sum += hu;
        sum_of_squares += std::int64_t{hu} * hu;
    }
    constexpr hounsfield_sums& operator+=(const hounsfield_sums& other) {
        count += other.count;
        sum += other.sum;
        sum_of_squares += other.sum_of_squares;
        return *this;
    }
    [[nodiscard]] hounsfield_statistics statistics() const {
        if (count == 0) return {};
        const double n = static_cast<double>(count);
        const double mean = static_cast<double>(sum) / n;
        // Sums of squares reach 2^63, beyond a double's 53 bits: the difference is taken in long double.
        const long double variance = (static_cast<long double>(sum_of_squares) -
                                      static_cast<long double>(sum) * static_cast<long double>(sum) /
                                          static_cast<long double>(count)) /
                                     static_cast<long double>(count);
        return {count, mean, static_cast<double>(std::sqrt(variance > 0 ? variance : 0.0L))};
    }
};

/// Mean and standard deviation of the values whose mask is not zero. Throws `std::invalid_argument` unless
/// `values` and `mask` are equally long.
[[nodiscard]] inline hounsfield_statistics statistics_within(std::span<const std::int16_t> values,
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
