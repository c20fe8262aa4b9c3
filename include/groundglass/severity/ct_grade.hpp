#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace groundglass::severity {

/// Extent categories of MosMedData (Morozov et al. 2020, doi:10.1101/2020.05.20.20100362).
enum class ct_grade : std::uint8_t { ct_0, ct_1, ct_2, ct_3, ct_4 };

/// `"CT-0"` … `"CT-4"`. Throws `std::invalid_argument` for another value.
[[nodiscard]] constexpr std::string_view name_of(ct_grade grade) {
    constexpr std::array<std::string_view, 5> names{"CT-0", "CT-1", "CT-2", "CT-3", "CT-4"};
    if (static_cast<std::size_t>(grade) >= names.size())
        throw std::invalid_argument("name_of: there is no such CT grade");
    return names[static_cast<std::size_t>(grade)];
}

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

/// CT-0 below `absent_below`, CT-1 below 25 %, CT-2 below 50 %, CT-3 below 75 %, CT-4 from 75 %, by extent
/// alone and half-open, where print leaves the borders open. `fraction` is opacity over lung volume, 0..1.
/// With `absent_below` 0 only a fraction of exactly 0 is CT-0. Throws `std::invalid_argument` for NaN or a
/// fraction outside 0..1.
[[nodiscard]] inline ct_grade ct_grade_by_extent(double fraction, double absent_below = 0.0) {
    detail::check_fraction("ct_grade_by_extent", fraction);
    if (fraction == 0 || fraction < absent_below) return ct_grade::ct_0;
    if (fraction < 0.25) return ct_grade::ct_1;
    if (fraction < 0.50) return ct_grade::ct_2;
    if (fraction < 0.75) return ct_grade::ct_3;
    return ct_grade::ct_4;
}

/// The cuts between CT-0 and CT-4 by extent, for `thresholds` and `grade_probability`: a fraction equal to a
/// cut belongs to the upper grade. With `absent_below` 0 the first is the smallest normal number.
[[nodiscard]] inline std::array<double, 4> ct_grade_cuts(double absent_below) {
    detail::check_absent_below("ct_grade_cuts", absent_below);
    return {absent_below == 0 ? std::numeric_limits<double>::min() : absent_below, 0.25, 0.50, 0.75};
}

struct pattern_rule_options {
    /// Fractions of a class below this count as none of it; 0 takes the measurement literally.
    double absent_below = 0.005;
    /// Grades whole percents, each rounded half to even before they are added, and leaves the hole.
    bool compatible = false;
    friend bool operator==(const pattern_rule_options&, const pattern_rule_options&) = default;

    /// As the public project Ohlomonchick/42-EPOCHS grades.
    [[nodiscard]] static constexpr pattern_rule_options as_published() { return {0.0, true}; }
};

/// CT-0..CT-4 by pattern and extent, the rule of the public project Ohlomonchick/42-EPOCHS: without
/// consolidation CT-0 for no ground glass, CT-1 below 25 %, CT-2 below 50 %; any consolidation is CT-3;
/// ground glass and consolidation of 75 % or more together are CT-4. The published rule says nothing of 50 to
/// 75 % of ground glass alone; that is CT-3 here, by its extent, and no answer with `options.compatible`.
///
/// Both are fractions of the lungs, 0..1. Throws `std::invalid_argument` for NaN, a fraction outside 0..1,
/// two that add up to more than 1, and an `absent_below` outside 0..0.25. Never empty unless `compatible`.
[[nodiscard]] inline std::optional<ct_grade> ct_grade_by_pattern(double ground_glass, double consolidation,
                                                                 const pattern_rule_options& options = {}) {
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
