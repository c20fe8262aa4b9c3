#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/note.hpp>
#include <groundglass/statistics/cohort.hpp>
#include <groundglass/wide.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>

namespace groundglass::statistics {

GROUNDGLASS_INLINE notes check_cohort(const std::string& who, std::span<const double> values,
                                      std::size_t labels) {
    if (labels != values.size())
        throw std::invalid_argument(who + ": " + std::to_string(values.size()) +
                                    " values need as many labels, found " + std::to_string(labels));
    if (values.size() < 2)
        throw std::invalid_argument(who + ": at least two patients are needed, found " +
                                    std::to_string(values.size()));
    // In the order of numbers: the bits of a positive one as they are, those of a negative one the other way.
    constexpr auto digits = std::numeric_limits<std::int64_t>::max();
    const auto rank = [](double value) {
        const auto bits = std::bit_cast<std::int64_t>(value);
        return bits < 0 ? bits ^ digits : bits;
    };
    const auto value_of = [](std::int64_t bits) {
        return std::bit_cast<double>(bits < 0 ? bits ^ digits : bits);
    };
    std::int64_t least = digits, most = -digits - 1;
    wide([&] {
        std::int64_t lower = digits, upper = -digits - 1;
        for (const double value : values) {
            const std::int64_t found = rank(value);
            lower = found < lower ? found : lower;
            upper = found > upper ? found : upper;
        }
        least = lower, most = upper;
    });
    const double low = value_of(least), high = value_of(most);
    const bool finite = std::isfinite(low) && std::isfinite(high);
    for (std::size_t i = 0; !finite && i < values.size(); ++i)
        if (!std::isfinite(values[i]))
            throw std::invalid_argument(who + ": value " + std::to_string(i) + " is " + shown(values[i]) +
                                        "; leave out patients without a measurement");
    if (low == high)
        throw std::invalid_argument(who + ": all values are " + shown(low) +
                                    ", so there is nothing to tell patients apart by");
    if (low >= 0 && high > 1 && high <= 100)
        return {{note_level::warning, "looks_like_percent",
                 "The values reach " + shown(high) +
                     ", which looks like percent where fractions from 0 to 1 are meant."}};
    return {};
}

} // namespace groundglass::statistics
