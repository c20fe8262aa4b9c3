#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/detail/part_counts.hpp>
#include <groundglass/quantification/involvement_by_label.hpp>
#include <groundglass/quantification/involvement_measures.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace groundglass::quantification {

GROUNDGLASS_INLINE std::vector<involvement_measures> involvement_by_label(const volume::lesion_ct& study,
                                                                          const array3<std::uint8_t>& labels,
                                                                          std::uint8_t count,
                                                                          high_opacity_rule rule) {
    const auto hounsfield = flat(study.ct().hounsfield());
    const auto lesions = flat(study.lesions());
    const auto parts = detail::counts_by_label<involvement_counts>(
        study.with_lungs(), labels, count, "involvement_by_label",
        [hounsfield, lesions, rule](involvement_counts& counts, std::size_t voxel) {
            counts.add(hounsfield[voxel], lesions[voxel], rule);
        });
    std::vector<involvement_measures> result;
    result.reserve(parts.size());
    for (const auto& part : parts) result.push_back(part.measures(study.ct().grid().voxel_ml()));
    return result;
}

} // namespace groundglass::quantification
