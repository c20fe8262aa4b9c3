#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/detail/measure_change.hpp>
#include <groundglass/quantification/detail/other_breath.hpp>
#include <groundglass/quantification/involvement_change.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>

namespace groundglass::quantification {

namespace detail {

[[nodiscard]] inline bounded_measure bounded(double value, const quantile_curve& curve) {
    return {value, curve.lower, curve.upper};
}

/// Bounds that go with a value that is multiplied.
[[nodiscard]] inline bounded_measure scaled(const bounded_measure& measured, double factor) {
    return {measured.value * factor, measured.lower * factor, measured.upper * factor};
}

/// A region's measures with what they would be had its lung the volume `lung_ml`.
[[nodiscard]] inline region_measures bounded_measures(const region_involvement& row,
                                                      const region_uncertainty& doubt, double lung_ml) {
    const auto opacity = bounded(row.opacity_ml, doubt.opacity_ml);
    const auto breath = at_other_breath(row, lung_ml);
    // Bounds go by the share of gas that the measured lesions have; where there are none, by none.
    const double factor =
        row.opacity_ml > 0 ? breath.opacity_ml / row.opacity_ml : breath.opacity_percent + 1;
    const auto volume = scaled(opacity, factor);
    return {bounded_measure{row.lung_ml},
            bounded(row.ground_glass_ml, doubt.ground_glass_ml),
            bounded(row.consolidation_ml, doubt.consolidation_ml),
            opacity,
            bounded(row.opacity_percent, doubt.opacity_percent),
            bounded(row.high_opacity_percent, doubt.high_opacity_percent),
            volume,
            scaled(volume, 100 / lung_ml)};
}

} // namespace detail

GROUNDGLASS_INLINE double repeatability_options::limit(double first, double second, bool percent) const {
    const double mean = (std::abs(first) + std::abs(second)) / 2;
    return std::max(percent ? percent_points : volume_ml, relative * mean);
}

GROUNDGLASS_INLINE involvement_change::involvement_change(involvement_change_options options)
    : options_(options) {
    detail::check_options(0, options.change);
    const auto& [volume, percent, relative] = options.repeatability;
    for (const double limit : {volume, percent, relative})
        if (!(limit >= 0 && std::isfinite(limit)))
            throw std::invalid_argument("involvement_change: repeatability must be at least 0, found " +
                                        std::to_string(limit));
}

GROUNDGLASS_INLINE change_table involvement_change::operator()(const measured_twice& patient) const {
    for (const auto* doubt : {&patient.first_doubt, &patient.second_doubt})
        if (doubt->calibrated() && doubt->coverage != options_.change.coverage)
            throw std::invalid_argument("involvement_change: the intervals have a coverage of " +
                                        std::to_string(doubt->coverage) + ", not of " +
                                        std::to_string(options_.change.coverage));
    const auto row_change = [&](const region_involvement& first, const region_involvement& second,
                                const region_uncertainty& first_doubt,
                                const region_uncertainty& second_doubt) {
        constexpr double none = std::numeric_limits<double>::quiet_NaN();
        const bool held = first.lung_ml > 0 && second.lung_ml > 0;
        region_change result{.region = first.region,
                             .first = detail::bounded_measures(first, first_doubt, first.lung_ml),
                             .second = detail::bounded_measures(second, second_doubt, first.lung_ml)};
        for (std::size_t m = 0; m < changed_measures.size(); ++m) {
            const auto &before = result.first[m], &after = result.second[m];
            if (held && !std::isnan(after.value)) {
                const bool percent = changed_measures[m].find("percent") != std::string_view::npos;
                const double limit = options_.repeatability.limit(before.value, after.value, percent);
                result.changes[m] = change_between(before, after, limit, options_.change);
            } else {
                result.changes[m].difference = none;
            }
        }
        return result;
    };
    change_table result;
    for (std::size_t r = 0; r < lung_region_count; ++r)
        result.rows.push_back(row_change(patient.first.rows[r], patient.second.rows[r],
                                         patient.first_doubt.rows[r], patient.second_doubt.rows[r]));
    const auto doubt_of = [](const uncertainty_table& table, std::size_t lobe) {
        return lobe < table.lobes.size() ? table.lobes[lobe] : region_uncertainty{};
    };
    for (std::size_t lobe = 0; lobe < std::min(patient.first.lobes.size(), patient.second.lobes.size());
         ++lobe)
        result.rows.push_back(row_change(patient.first.lobes[lobe], patient.second.lobes[lobe],
                                         doubt_of(patient.first_doubt, lobe),
                                         doubt_of(patient.second_doubt, lobe)));
    return result;
}

} // namespace groundglass::quantification
