#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/note.hpp>
#include <groundglass/statistics/cohort.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
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
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!std::isfinite(values[i]))
            throw std::invalid_argument(who + ": value " + std::to_string(i) + " is " + shown(values[i]) +
                                        "; leave out patients without a measurement");
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    if (*low == *high)
        throw std::invalid_argument(who + ": all values are " + shown(*low) +
                                    ", so there is nothing to tell patients apart by");
    if (*low >= 0 && *high > 1 && *high <= 100)
        return {{note_level::warning, "looks_like_percent",
                 "The values reach " + shown(*high) +
                     ", which looks like percent where fractions from 0 to 1 are meant."}};
    return {};
}

} // namespace groundglass::statistics
