#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/detail/part_counts.hpp>
#include <groundglass/quantification/involvement.hpp>
#include <groundglass/quantification/involvement_measures.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstddef>

namespace groundglass::quantification {

namespace detail {

[[nodiscard]] inline involvement_table involvement_rows(const part_counts<involvement_counts>& found,
                                                        const volume::lesion_ct& study) {
    const double voxel_ml = study.ct().grid().voxel_ml();
    const auto named = [&](const involvement_counts& counts, std::size_t region) {
        return region_involvement{counts.measures(voxel_ml), static_cast<lung_region>(region)};
    };
    involvement_table table;
    for (std::size_t r = 0; r < lung_region_count; ++r) table.rows[r] = named(found.regions[r], r);
    for (const auto& lobe : found.lobes)
        table.lobes.push_back(named(lobe, lung_region_count + table.lobes.size()));
    for (const auto& segment : found.segments) table.segments.push_back(segment.measures(voxel_ml));
    table.lobes_estimated = study.with_lungs().lobe_estimate().has_value();
    return table;
}

} // namespace detail

GROUNDGLASS_INLINE involvement_table involvement::operator()(const volume::lesion_ct& study) const {
    const auto hounsfield = flat(study.ct().hounsfield());
    const auto lesions = flat(study.lesions());
    const auto found = detail::counts_of_parts<involvement_counts>(
        study.with_lungs(),
        [hounsfield, lesions, rule = options_.high_opacity](involvement_counts& counts, std::size_t voxel) {
            counts.add(hounsfield[voxel], lesions[voxel], rule);
        });
    return detail::involvement_rows(found, study);
}

} // namespace groundglass::quantification
