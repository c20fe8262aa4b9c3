#pragma once

#include <groundglass/config.hpp>
#include <groundglass/severity/thresholds.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace groundglass::severity {

GROUNDGLASS_INLINE thresholds::thresholds(thresholds_options options) : options_(std::move(options)) {
    const auto& cuts = options_.cuts;
    if (cuts.empty()) throw std::invalid_argument("thresholds: at least one cut is needed");
    for (double cut : cuts)
        if (!(cut >= 0 && cut <= std::nextafter(1.0, 2.0)))
            throw std::invalid_argument("thresholds: cuts are fractions from 0 to 1, found " +
                                        std::to_string(cut));
    if (!std::is_sorted(cuts.begin(), cuts.end()))
        throw std::invalid_argument("thresholds: cuts must ascend");
    if (options_.classes.size() != cuts.size() + 1)
        throw std::invalid_argument("thresholds: " + std::to_string(cuts.size()) + " cuts need " +
                                    std::to_string(cuts.size() + 1) + " class names, found " +
                                    std::to_string(options_.classes.size()));
}

GROUNDGLASS_INLINE thresholds thresholds::published() {
    return thresholds({{0.018, 0.062}, {"A", "B", "C"}});
}

GROUNDGLASS_INLINE std::size_t thresholds::index(double fraction) const {
    if (!(fraction >= 0 && fraction <= 1))
        throw std::invalid_argument("thresholds: the fraction must lie in 0..1 (not in percent), found " +
                                    std::to_string(fraction));
    const auto& cuts = options_.cuts;
    return static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), fraction) - cuts.begin());
}

} // namespace groundglass::severity
