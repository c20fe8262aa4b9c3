#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/severity/ct_grade.hpp>
#include <groundglass/severity/detail/ct_grade.hpp>
#include <groundglass/severity/extent_score.hpp>
#include <groundglass/severity/lobar_extent.hpp>
#include <groundglass/severity/scores.hpp>
#include <groundglass/volume/label_map.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>

namespace groundglass::severity {

GROUNDGLASS_INLINE scores::scores(scores_options options) : options_(options) {
    detail::check_absent_below("scores", options.absent_below);
}

GROUNDGLASS_INLINE score_table scores::operator()(const quantification::involvement_table& table) const {
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

} // namespace groundglass::severity
