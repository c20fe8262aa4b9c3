#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/detail/part_counts.hpp>
#include <groundglass/quantification/detail/region_rows.hpp>
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
    involvement_table table;
    fill_rows(table, found, [=](const involvement_counts& counts) { return counts.measures(voxel_ml); });
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
