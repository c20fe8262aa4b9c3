#pragma once

#include <groundglass/severity/ct_grade.hpp>
#include <groundglass/severity/extent_score.hpp>
#include <groundglass/severity/lobar_extent.hpp>

namespace groundglass::severity {

struct scores_options {
    /// Fractions below this count as no disease, of both lungs as of a region. A measured fraction is hardly
    /// ever exactly 0: 98 of 100 healthy subjects read below 1 % in Chaganti et al. (2020), and half a
    /// percent is what a reader rounds to none.
    double absent_below = 0.005;
    friend bool operator==(const scores_options&, const scores_options&) = default;
};

/// The named severity scores of one study. A score of regions is empty where one of them has no lung.
struct score_table {
    double opacity_fraction = 0; ///< of both lungs, 0..1
    ct_grade ct_grade_extent = ct_grade::ct_0;
    /// By pattern, `ct_grade_by_pattern`; empty where the table has no volumes.
    std::optional<ct_grade> ct_grade_rule;
    int ct_ss = 1;                           ///< 1..5, of both lungs
    lobe_source lobes = lobe_source::thirds; ///< what the lobar scores take for lobes
    std::optional<int> ctss_pan2020;         ///< 0..25
    std::optional<int> ctss_francone;        ///< 0..25
    std::optional<int> lss;                  ///< 0..20
    std::optional<int> lhos;                 ///< 0..20
    std::optional<int> tss;                  ///< 0..20
    /// 0..24 each: of opacity, ground glass, consolidation. The zones are thirds of the lungs' height, in
    /// place of carina and inferior pulmonary veins.
    std::optional<int> tfs, tfs_ground_glass, tfs_consolidation;
    std::optional<int> ct_ss_segments; ///< 0..40, where the study came with a map of segments
};

/// `involvement_table` → named scores.
class scores : public pipeable {
public:
    /// Throws `std::invalid_argument` unless `absent_below` lies in 0..0.25.
    explicit scores(scores_options options = {}) : options_(options) {
        detail::check_absent_below("scores", options.absent_below);
    }

    /// Throws `std::invalid_argument` for a table without lung: no lung has no severity.
    [[nodiscard]] score_table operator()(const quantification::involvement_table& table) const {
        const double fraction = table.opacity_fraction();
        if (std::isnan(fraction))
            throw std::invalid_argument("scores: the table holds no lung, so there is no severity to grade");
        const double absent_below = options_.absent_below;
        const auto score = [&](extent_convention convention,
                               std::span<const double> fractions) -> std::optional<int> {
            if (std::any_of(fractions.begin(), fractions.end(), [](double f) { return std::isnan(f); }))
                return std::nullopt;
            return extent_score(convention, fractions, absent_below);
        };

        score_table result;
        result.opacity_fraction = fraction;
        result.ct_grade_extent = ct_grade_by_extent(fraction, absent_below);
        if (const auto& both = table.rows[0]; both.lung_ml > 0)
            result.ct_grade_rule =
                ct_grade_by_pattern(both.ground_glass_ml / both.lung_ml, both.consolidation_ml / both.lung_ml,
                                    {.absent_below = absent_below});
        result.ct_ss = extent_points(extent_convention::ct_ss, fraction, absent_below);

        const auto lobes = lobar_extent_of(table);
        result.lobes = lobes.source;
        result.ctss_pan2020 = score(extent_convention::ctss_pan2020, lobes.opacity);
        result.ctss_francone = score(extent_convention::ctss_francone, lobes.opacity);
        result.lss = score(extent_convention::lss, lobes.opacity);
        result.lhos = score(extent_convention::lhos, lobes.high_opacity);
        result.tss = score(extent_convention::tss, lobes.opacity);

        std::array<double, 6> opacity{}, ground_glass{}, consolidation{};
        for (std::size_t zone = 0; zone < opacity.size(); ++zone) {
            const auto& row =
                table.rows[static_cast<std::size_t>(quantification::lung_region::left_upper) + zone];
            const double lung = row.lung_ml > 0 ? row.lung_ml : std::numeric_limits<double>::quiet_NaN();
            opacity[zone] = row.opacity_percent / 100; // from the counts: exact at the borders
            ground_glass[zone] = row.ground_glass_ml / lung;
            consolidation[zone] = row.consolidation_ml / lung;
        }
        result.tfs = score(extent_convention::tfs, opacity);
        result.tfs_ground_glass = score(extent_convention::tfs, ground_glass);
        result.tfs_consolidation = score(extent_convention::tfs, consolidation);

        if (table.segments.size() == volume::segment_count) {
            std::array<double, volume::segment_count> segments{};
            for (std::size_t i = 0; i < segments.size(); ++i)
                segments[i] = table.segments[i].opacity_percent / 100;
            result.ct_ss_segments = score(extent_convention::ct_ss_segments, segments);
        }
        return result;
    }
    [[nodiscard]] const scores_options& options() const { return options_; }

    friend bool operator==(const scores& a, const scores& b) { return a.options_ == b.options_; }

private:
    scores_options options_;
};

} // namespace groundglass::severity
