#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/involvement.hpp>
#include <groundglass/quantification/involvement_by_label.hpp>
#include <groundglass/quantification/involvement_measures.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/lesion_ct.hpp>
#include <groundglass/volume/lung_regions.hpp>

#include <array>
#include <cstddef>

namespace groundglass::quantification {

GROUNDGLASS_INLINE involvement_table involvement::operator()(const volume::lesion_ct& study) const {
    const auto zones = volume::zones_by_height(study.lungs());
    std::array<std::array<involvement_counts, 3>, 2> cells{}; // [side][third]

    for (std::size_t index = 0; index < zones.size(); ++index) {
        if (zones[index] == volume::lung_zone::none) continue;
        const auto hounsfield = slice_of(study.ct().hounsfield(), index);
        const auto lungs = slice_of(study.lungs(), index);
        const auto lesions = slice_of(study.lesions(), index);
        const auto third = static_cast<std::size_t>(zones[index]) - 1;
        for (std::size_t i = 0; i < lungs.size(); ++i)
            if (lungs[i] != 0)
                cells[lungs[i] - 1u][third].add(hounsfield[i], lesions[i], options_.high_opacity);
    }

    std::array<involvement_counts, lung_region_count> regions{};
    for (std::size_t side = 0; side < 2; ++side)
        for (std::size_t third = 0; third < 3; ++third) {
            const auto& cell = cells[side][third];
            regions[static_cast<std::size_t>(lung_region::both)] += cell;
            regions[static_cast<std::size_t>(lung_region::left) + side] += cell;
            regions[static_cast<std::size_t>(lung_region::left_upper) + 3 * side + third] = cell;
        }

    involvement_table table;
    const auto named = [](const involvement_measures& measures, std::size_t region) {
        return region_involvement{measures, static_cast<lung_region>(region)};
    };
    for (std::size_t r = 0; r < lung_region_count; ++r)
        table.rows[r] = named(regions[r].measures(study.ct().grid().voxel_ml()), r);
    table.lobes_estimated = study.with_lungs().lobe_estimate().has_value();
    if (const auto& lobes = study.with_lungs().lobes())
        for (const auto& measures :
             involvement_by_label(study, *lobes, volume::lobe_count, options_.high_opacity))
            table.lobes.push_back(named(measures, lung_region_count + table.lobes.size()));
    if (const auto& segments = study.with_lungs().segments())
        table.segments = involvement_by_label(study, *segments, volume::segment_count, options_.high_opacity);
    return table;
}

} // namespace groundglass::quantification
