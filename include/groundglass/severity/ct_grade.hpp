#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
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

/// CT-0 below `absent_below`, CT-1 below 25 %, CT-2 below 50 %, CT-3 below 75 %, CT-4 from 75 %, by extent
/// alone and half-open, where print leaves the borders open. `fraction` is opacity over lung volume, 0..1.
/// With `absent_below` 0 only a fraction of exactly 0 is CT-0. Throws `std::invalid_argument` for NaN or a
/// fraction outside 0..1.
[[nodiscard]] ct_grade ct_grade_by_extent(double fraction, double absent_below = 0.0);

/// The cuts between CT-0 and CT-4 by extent, for `thresholds` and `grade_probability`: a fraction equal to a
/// cut belongs to the upper grade. With `absent_below` 0 the first is the smallest normal number.
[[nodiscard]] std::array<double, 4> ct_grade_cuts(double absent_below);

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
[[nodiscard]] std::optional<ct_grade> ct_grade_by_pattern(double ground_glass, double consolidation,
                                                          const pattern_rule_options& options = {});

} // namespace groundglass::severity

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/severity/detail/ct_grade.hpp>
#endif
