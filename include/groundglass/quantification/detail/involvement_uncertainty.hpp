#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/hounsfield_statistics.hpp>
#include <groundglass/quantification/involvement.hpp>
#include <groundglass/quantification/involvement_measures.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/quantification/involvement_uncertainty.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/lesion_ct.hpp>
#include <groundglass/volume/lesion_uncertainty.hpp>
#include <groundglass/volume/lung_regions.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::quantification {

namespace detail {

/// Counts of one part of the lungs, each voxel under the first level at which it is lesion; those that never
/// are come first.
using level_counts = std::vector<involvement_counts>;

/// Counts by parts. `part(slice, voxel)` is a lung voxel's part, or `parts` where it has none.
template <class Part>
[[nodiscard]] std::vector<level_counts> counts_by_level(const volume::lesion_ct& study, std::size_t parts,
                                                        high_opacity_rule rule, Part part) {
    const auto& doubt = *study.uncertainty();
    std::vector<level_counts> result(parts, level_counts(doubt.levels.size() + 1));
    for (std::size_t index = 0; index < study.ct().grid().shape[0]; ++index) {
        const auto hounsfield = slice_of(study.ct().hounsfield(), index);
        const auto lungs = slice_of(study.lungs(), index);
        const auto first = slice_of(*doubt.first_level, index);
        for (std::size_t i = 0; i < lungs.size(); ++i) {
            if (lungs[i] == 0) continue;
            const auto where = part(index, i);
            if (where == parts) continue;
            const auto level = static_cast<std::size_t>(first[i] & volume::lesion_uncertainty::place);
            const auto label = level == 0 ? volume::lesion_label::none
                               : (first[i] & volume::lesion_uncertainty::consolidated) != 0
                                   ? volume::lesion_label::consolidation
                                   : volume::lesion_label::ground_glass;
            result[where][level].add(hounsfield[i], static_cast<std::uint8_t>(label), rule);
        }
    }
    return result;
}

/// Curves of one region from its counts; `estimate` is what the segmentation itself says.
[[nodiscard]] inline region_uncertainty curves(const region_involvement& estimate, const level_counts& counts,
                                               const volume::lesion_uncertainty& doubt, double coverage,
                                               double voxel_ml) {
    region_uncertainty result;
    result.region = estimate.region;
    hounsfield_sums lung;
    for (const auto& part : counts) lung += part.lung;
    involvement_counts sum;
    for (std::size_t level = 1; level < counts.size(); ++level) {
        sum += counts[level];
        auto here = sum;
        here.lung = lung;
        const auto measures = here.measures(voxel_ml);
        result.ground_glass_ml.values.push_back(measures.ground_glass_ml);
        result.consolidation_ml.values.push_back(measures.consolidation_ml);
        result.opacity_ml.values.push_back(measures.opacity_ml);
        result.opacity_percent.values.push_back(measures.opacity_percent);
        result.high_opacity_percent.values.push_back(measures.high_opacity_percent);
    }
    const auto bound = [&](quantile_curve& curve, double value) {
        // Thresholds that all lie on one side of the decision's (a model that sees too little or too much on
        // the whole) would leave the estimate outside of its own interval, which no reader could use.
        curve.lower = std::min(value, quantile_at(doubt.levels, curve.values, (1 - coverage) / 2));
        curve.upper = std::max(value, quantile_at(doubt.levels, curve.values, (1 + coverage) / 2));
    };
    bound(result.ground_glass_ml, estimate.ground_glass_ml);
    bound(result.consolidation_ml, estimate.consolidation_ml);
    bound(result.opacity_ml, estimate.opacity_ml);
    bound(result.opacity_percent, estimate.opacity_percent);
    bound(result.high_opacity_percent, estimate.high_opacity_percent);
    return result;
}

} // namespace detail

GROUNDGLASS_INLINE std::vector<double> uncertainty_table::opacity_fractions() const {
    auto result = rows[0].opacity_percent.values;
    for (double& value : result) value /= 100.0;
    return result;
}

GROUNDGLASS_INLINE double quantile_at(std::span<const double> levels, std::span<const double> values,
                                      double level) {
    // A level that a program has computed may be 0.050000000000000044.
    constexpr double slack = 1e-9;
    if (levels.empty() || levels.size() != values.size() ||
        !(level >= levels.front() - slack && level <= levels.back() + slack))
        throw std::invalid_argument(
            "quantile_at: level must lie within the calibrated levels" +
            (levels.empty() ? std::string(", of which there are none")
                            : " " + std::to_string(levels.front()) + " to " + std::to_string(levels.back())) +
            ", found " + std::to_string(level));
    const auto above = std::lower_bound(levels.begin(), levels.end(), level - slack);
    const auto i = static_cast<std::size_t>(above - levels.begin());
    if (i == 0 || std::abs(levels[i] - level) <= slack) return values[i];
    const double share = (level - levels[i - 1]) / (levels[i] - levels[i - 1]);
    return std::lerp(values[i - 1], values[i], share);
}

GROUNDGLASS_INLINE involvement_uncertainty::involvement_uncertainty(involvement_uncertainty_options options)
    : options_(options) {
    if (!(options_.coverage > 0 && options_.coverage < 1))
        throw std::invalid_argument("involvement_uncertainty: coverage must be above 0 and below 1, found " +
                                    std::to_string(options_.coverage));
}

GROUNDGLASS_INLINE uncertainty_table
involvement_uncertainty::operator()(const volume::lesion_ct& study) const {
    const auto table = involvement({.high_opacity = options_.high_opacity})(study);
    uncertainty_table result;
    for (std::size_t r = 0; r < lung_region_count; ++r) result.rows[r].region = table.rows[r].region;
    const auto& doubt = study.uncertainty();
    if (!doubt) return result;
    const double voxel_ml = study.ct().grid().voxel_ml();

    if (const auto& members = doubt->member_voxels; !members.empty()) {
        result.members = members.size();
        const double percent_a_voxel = 100.0 * voxel_ml / table.rows[0].lung_ml;
        double mean = 0;
        for (const auto voxels : members)
            mean += static_cast<double>(voxels) / static_cast<double>(members.size());
        double squares = 0;
        for (const auto voxels : members) squares += std::pow(static_cast<double>(voxels) - mean, 2);
        if (table.rows[0].lung_ml > 0)
            result.opacity_percent_sd =
                percent_a_voxel * std::sqrt(squares / static_cast<double>(members.size() - 1));
    }
    if (doubt->levels.empty()) return result;

    result.levels = doubt->levels;
    result.coverage = options_.coverage;
    const auto zones = volume::zones_by_height(study.lungs());
    const auto thirds =
        detail::counts_by_level(study, 6, options_.high_opacity, [&](std::size_t index, std::size_t i) {
            const auto side = slice_of(study.lungs(), index)[i] - std::size_t{1};
            return 3 * side + static_cast<std::size_t>(zones[index]) - 1;
        });
    for (std::size_t r = 0; r < lung_region_count; ++r) {
        // Both lungs are parts 0 to 5, a side three of them, a third one.
        const std::size_t first = r < 3 ? (r == 2 ? 3 : 0) : r - 3;
        const std::size_t count = r == 0 ? 6 : r < 3 ? 3 : 1;
        auto counts = thirds[first];
        for (std::size_t part = first + 1; part < first + count; ++part)
            for (std::size_t level = 0; level < counts.size(); ++level) counts[level] += thirds[part][level];
        result.rows[r] = detail::curves(table.rows[r], counts, *doubt, options_.coverage, voxel_ml);
    }
    if (const auto& lobes = study.with_lungs().lobes()) {
        const auto counts = detail::counts_by_level(
            study, volume::lobe_count, options_.high_opacity, [&](std::size_t index, std::size_t i) {
                const auto label = slice_of(*lobes, index)[i];
                return label == 0 ? std::size_t{volume::lobe_count} : label - std::size_t{1};
            });
        for (std::size_t lobe = 0; lobe < counts.size(); ++lobe)
            result.lobes.push_back(
                detail::curves(table.lobes[lobe], counts[lobe], *doubt, options_.coverage, voxel_ml));
    }
    return result;
}

} // namespace groundglass::quantification
