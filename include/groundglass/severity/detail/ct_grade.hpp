#pragma once

#include <groundglass/config.hpp>
#include <groundglass/severity/ct_grade.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

namespace groundglass::severity {

namespace detail {

inline void check_fraction(const std::string& who, double fraction) {
    if (!(fraction >= 0 && fraction <= 1))
        throw std::invalid_argument(who + ": the fraction must lie in 0..1 (not in percent), found " +
                                    std::to_string(fraction));
}

inline void check_absent_below(const std::string& who, double absent_below) {
    if (!(absent_below >= 0 && absent_below <= 0.25))
        throw std::invalid_argument(who + ": absent_below must lie in 0..0.25, found " +
                                    std::to_string(absent_below));
}

} // namespace detail

GROUNDGLASS_INLINE ct_grade ct_grade_by_extent(double fraction, double absent_below) {
    detail::check_fraction("ct_grade_by_extent", fraction);
    if (fraction == 0 || fraction < absent_below) return ct_grade::ct_0;
    if (fraction < 0.25) return ct_grade::ct_1;
    if (fraction < 0.50) return ct_grade::ct_2;
    if (fraction < 0.75) return ct_grade::ct_3;
    return ct_grade::ct_4;
}

GROUNDGLASS_INLINE std::array<double, 4> ct_grade_cuts(double absent_below) {
    detail::check_absent_below("ct_grade_cuts", absent_below);
    return {absent_below == 0 ? std::numeric_limits<double>::min() : absent_below, 0.25, 0.50, 0.75};
}

GROUNDGLASS_INLINE std::optional<ct_grade> ct_grade_by_pattern(double ground_glass, double consolidation,
                                                               const pattern_rule_options& options) {
    const std::string who = "ct_grade_by_pattern";
    detail::check_fraction(who, ground_glass);
    detail::check_fraction(who, consolidation);
    detail::check_absent_below(who, options.absent_below);
    if (ground_glass + consolidation > 1 + 1e-9)
        throw std::invalid_argument(who + ": ground glass and consolidation add up to " +
                                    std::to_string(ground_glass + consolidation) + " of the lungs");
    const auto taken = [&](double fraction) {
        if (!options.compatible) return fraction < options.absent_below ? 0.0 : 100 * fraction;
        const double percent = 100 * fraction, below = std::floor(percent);
        // A half percent of counted pixels comes as a quotient, whose hundredfold may miss the half.
        const double over = percent - below - 0.5;
        const bool half = std::abs(over) < 1e-9;
        return (half ? std::fmod(below, 2) == 1 : over > 0) ? below + 1 : below;
    };
    const double g = taken(ground_glass), k = taken(consolidation);
    if (g + k >= 75) return ct_grade::ct_4;
    if (k > 0) return ct_grade::ct_3;
    if (g == 0) return ct_grade::ct_0;
    if (g < 25) return ct_grade::ct_1;
    if (g < 50) return ct_grade::ct_2;
    return options.compatible ? std::nullopt : std::optional(ct_grade::ct_3);
}

} // namespace groundglass::severity
