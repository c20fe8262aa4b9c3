#pragma once

#include <cstdint>
#include <limits>
#include <span>

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
    [[nodiscard]] hounsfield_statistics statistics() const;
};

/// Mean and standard deviation of the values whose mask is not zero. Throws `std::invalid_argument` unless
/// `values` and `mask` are equally long.
[[nodiscard]] hounsfield_statistics statistics_within(std::span<const std::int16_t> values,
                                                      std::span<const std::uint8_t> mask);

} // namespace groundglass::quantification

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using hounsfield_statistics [[deprecated("groundglass::quantification::hounsfield_statistics")]] =
    quantification::hounsfield_statistics;
using hounsfield_sums [[deprecated("groundglass::quantification::hounsfield_sums")]] =
    quantification::hounsfield_sums;
using quantification::statistics_within;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/hounsfield_statistics.hpp>
#endif
