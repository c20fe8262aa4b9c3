#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/threshold_fit.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace groundglass::statistics {

GROUNDGLASS_INLINE std::size_t threshold_fit::index(double value) const {
    if (std::isnan(value)) throw std::invalid_argument("threshold_fit: NaN belongs to no class");
    return static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), value) - cuts.begin());
}

GROUNDGLASS_INLINE const std::string& threshold_fit::operator()(double value) const {
    const std::size_t place = index(value);
    if (classes.size() != cuts.size() + 1)
        throw std::invalid_argument("threshold_fit: " + std::to_string(cuts.size()) + " cuts need " +
                                    std::to_string(cuts.size() + 1) + " class names, found " +
                                    std::to_string(classes.size()));
    return classes[place];
}

} // namespace groundglass::statistics
