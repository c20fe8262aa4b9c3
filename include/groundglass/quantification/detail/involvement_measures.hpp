#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/involvement_measures.hpp>

#include <cstdint>
#include <limits>

namespace groundglass::quantification {

GROUNDGLASS_INLINE involvement_measures involvement_counts::measures(double voxel_ml) const {
    const auto ml = [&](std::uint64_t voxels) { return static_cast<double>(voxels) * voxel_ml; };
    const auto percent = [&](std::uint64_t voxels) {
        return lung.count == 0 ? std::numeric_limits<double>::quiet_NaN()
                               : 100.0 * static_cast<double>(voxels) / static_cast<double>(lung.count);
    };
    return {.lung_ml = ml(lung.count),
            .ground_glass_ml = ml(ground_glass),
            .consolidation_ml = ml(consolidation),
            .opacity_ml = ml(ground_glass + consolidation),
            .opacity_percent = percent(ground_glass + consolidation),
            .high_opacity_percent = percent(high_opacity),
            .lung_hu = lung.statistics(),
            .opacity_hu = opacity.statistics()};
}

} // namespace groundglass::quantification
