#pragma once

#include <groundglass/quantification/involvement.hpp>

#include <stdexcept>
#include <string>

namespace groundglass::severity {

/// Extent categories of MosMedData (Morozov et al. 2020, doi:10.1101/2020.05.20.20100362).
enum class ct_grade : std::uint8_t { ct_0, ct_1, ct_2, ct_3, ct_4 };

/// `"CT-0"` … `"CT-4"`.
[[nodiscard]] constexpr std::string_view name_of(ct_grade grade) {
    constexpr std::array<std::string_view, 5> names{"CT-0", "CT-1", "CT-2", "CT-3", "CT-4"};
    return names[static_cast<std::size_t>(grade)];
}

/// CT-0 below `absent_below`, CT-1 below 25 %, CT-2 below 50 %, CT-3 below 75 %, CT-4 from 75 %, by extent
/// alone and half-open, where print leaves the borders open. `fraction` is opacity over lung volume, 0..1.
/// With `absent_below` 0 only a fraction of exactly 0 is CT-0. Throws `std::invalid_argument` for NaN or a
/// fraction outside 0..1.
[[nodiscard]] inline ct_grade ct_grade_by_extent(double fraction, double absent_below = 0.0) {
    if (!(fraction >= 0 && fraction <= 1))
        throw std::invalid_argument(
            "ct_grade_by_extent: the fraction must lie in 0..1 (not in percent), found " +
            std::to_string(fraction));
    if (fraction == 0 || fraction < absent_below) return ct_grade::ct_0;
    if (fraction < 0.25) return ct_grade::ct_1;
    if (fraction < 0.50) return ct_grade::ct_2;
    if (fraction < 0.75) return ct_grade::ct_3;
    return ct_grade::ct_4;
}

struct scores_options {
    /// Fractions below this count as no disease. A measured fraction is hardly ever exactly 0: 98 of 100
    /// healthy subjects read below 1 % in Chaganti et al. (2020), and half a percent is what a reader rounds
    /// to none.
    double absent_below = 0.005;
    friend bool operator==(const scores_options&, const scores_options&) = default;
};

/// The named severity scores of one study.
struct score_table {
    double opacity_fraction = 0; ///< of both lungs, 0..1
    ct_grade ct_grade_extent = ct_grade::ct_0;
};

/// `involvement_table` → named scores.
class scores : public pipeable {
public:
    /// Throws `std::invalid_argument` unless `absent_below` lies in 0..0.25.
    explicit scores(scores_options options = {}) : options_(options) {
        if (!(options.absent_below >= 0 && options.absent_below <= 0.25))
            throw std::invalid_argument("scores: absent_below must lie in 0..0.25, found " +
                                        std::to_string(options.absent_below));
    }

    /// Throws `std::invalid_argument` for a table without lung: no lung has no severity.
    [[nodiscard]] score_table operator()(const involvement_table& table) const {
        const double fraction = table.opacity_fraction();
        if (std::isnan(fraction))
            throw std::invalid_argument("scores: the table holds no lung, so there is no severity to grade");
        return {fraction, ct_grade_by_extent(fraction, options_.absent_below)};
    }
    [[nodiscard]] const scores_options& options() const { return options_; }

    friend bool operator==(const scores& a, const scores& b) { return a.options_ == b.options_; }

private:
    scores_options options_;
};

} // namespace groundglass::severity
