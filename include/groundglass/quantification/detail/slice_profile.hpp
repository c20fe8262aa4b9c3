#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/slice_profile.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::quantification {

GROUNDGLASS_INLINE slice_profile::slice_profile(slice_profile_options options) : options_(options) {
    if (!(options.minimum_lung_ml >= 0) || !std::isfinite(options.minimum_lung_ml))
        throw std::invalid_argument("slice_profile: minimum_lung_ml must be 0 or more, found " +
                                    std::to_string(options.minimum_lung_ml));
}

GROUNDGLASS_INLINE std::vector<slice_involvement>
slice_profile::operator()(const volume::lesion_ct& study) const {
    const auto& grid = study.ct().grid();
    const double voxel_ml = grid.voxel_ml();
    const double middle_row = (static_cast<double>(grid.shape[1]) - 1) / 2;
    const double middle_column = (static_cast<double>(grid.shape[2]) - 1) / 2;
    std::vector<slice_involvement> profile(grid.shape[0]);
    for (std::size_t index = 0; index < profile.size(); ++index) {
        const auto lungs = slice_of(study.lungs(), index);
        const auto lesions = slice_of(study.lesions(), index);
        std::array<std::uint64_t, 3> voxels{}; // by lesion_label
        for (std::size_t i = 0; i < lungs.size(); ++i)
            if (lungs[i] != 0) ++voxels[lesions[i]];
        auto& entry = profile[index];
        const auto lung = voxels[0] + voxels[1] + voxels[2];
        entry.slice = index;
        entry.position_mm = grid.position_mm(static_cast<double>(index), middle_row, middle_column)[2];
        entry.lung_ml = static_cast<double>(lung) * voxel_ml;
        entry.ground_glass_ml = static_cast<double>(voxels[1]) * voxel_ml;
        entry.consolidation_ml = static_cast<double>(voxels[2]) * voxel_ml;
        if (lung > 0 && entry.lung_ml >= options_.minimum_lung_ml)
            entry.opacity_percent =
                100.0 * static_cast<double>(voxels[1] + voxels[2]) / static_cast<double>(lung);
    }
    return profile;
}

} // namespace groundglass::quantification
