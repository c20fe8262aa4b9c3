#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/detail/aeration.hpp>
#include <groundglass/quantification/detail/involvement.hpp>
#include <groundglass/quantification/detail/part_counts.hpp>
#include <groundglass/quantification/hounsfield_histogram.hpp>
#include <groundglass/quantification/involvement_and_aeration.hpp>
#include <groundglass/quantification/involvement_measures.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace groundglass::quantification {

namespace detail {

/// Counts of one part for both stages; the sums of its lung are in the histogram alone.
struct joint_counts {
    hounsfield_histogram lung;
    involvement_counts lesions;

    joint_counts& operator+=(const joint_counts& other) {
        lung += other.lung;
        lesions += other.lesions;
        return *this;
    }
};

/// What `of` makes of the counts of every part.
template <class Counts, class Of>
[[nodiscard]] part_counts<Counts> counts_from(const part_counts<joint_counts>& found, Of of) {
    part_counts<Counts> result;
    for (std::size_t r = 0; r < lung_region_count; ++r) result.regions[r] = of(found.regions[r]);
    for (const auto& lobe : found.lobes) result.lobes.push_back(of(lobe));
    for (const auto& segment : found.segments) result.segments.push_back(of(segment));
    return result;
}

} // namespace detail

GROUNDGLASS_INLINE std::pair<involvement_table, aeration_table>
involvement_and_aeration(const volume::lesion_ct& study, const involvement& first, const aeration& second) {
    const auto hounsfield = flat(study.ct().hounsfield());
    const auto lesions = flat(study.lesions());
    const auto rule = first.options().high_opacity;
    const auto found = detail::counts_of_parts<detail::joint_counts>(
        study.with_lungs(), [hounsfield, lesions, rule](detail::joint_counts& counts, std::size_t voxel) {
            counts.lung.add(hounsfield[voxel]);
            if (lesions[voxel] != 0) counts.lesions.add_lesion(hounsfield[voxel], lesions[voxel], rule);
        });
    const auto involved =
        detail::counts_from<involvement_counts>(found, [](const detail::joint_counts& counts) {
            auto result = counts.lesions;
            result.lung = counts.lung.sums();
            return result;
        });
    const auto aerated = detail::counts_from<hounsfield_histogram>(
        found, [](const detail::joint_counts& counts) { return counts.lung; });
    return {detail::involvement_rows(involved, study),
            detail::aeration_rows(aerated, study.ct(), second.options().bands_hu)};
}

} // namespace groundglass::quantification
