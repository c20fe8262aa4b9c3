#pragma once

#include <groundglass/stage.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <limits>
#include <vector>

namespace groundglass::quantification {

/// One axial slice's share in the involvement.
struct slice_involvement {
    std::size_t slice = 0;  ///< index in the volume, from the feet
    double position_mm = 0; ///< z (LPS, towards the head) of the slice's centre
    double lung_ml = 0;
    double ground_glass_ml = 0;
    double consolidation_ml = 0;
    /// 100 (ground glass + consolidation) / lung; NaN where the slice has less lung than asked for.
    double opacity_percent = std::numeric_limits<double>::quiet_NaN();
};

struct slice_profile_options {
    /// Slices with less lung than this (ml) have no percentage: a few voxels at the apex would read 0 or 100
    /// %.
    double minimum_lung_ml = 0.0;
    friend bool operator==(const slice_profile_options&, const slice_profile_options&) = default;
};

/// `lesion_ct` → the involvement slice by slice, one entry for every slice of the volume from feet to head.
/// The mean of `opacity_percent` weighted by `lung_ml` is the percentage of opacity of both lungs.
/// One pass, no memory beyond the result.
class slice_profile : public pipeable {
public:
    /// Throws `std::invalid_argument` for a negative or infinite minimum.
    explicit slice_profile(slice_profile_options options = {}) : options_(options) {
        if (!(options.minimum_lung_ml >= 0) || !std::isfinite(options.minimum_lung_ml))
            throw std::invalid_argument("slice_profile: minimum_lung_ml must be 0 or more, found " +
                                        std::to_string(options.minimum_lung_ml));
    }

    [[nodiscard]] std::vector<slice_involvement> operator()(const volume::lesion_ct& study) const {
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
    [[nodiscard]] const slice_profile_options& options() const { return options_; }

    friend bool operator==(const slice_profile& a, const slice_profile& b) {
        return a.options_ == b.options_;
    }

private:
    slice_profile_options options_;
};

} // namespace groundglass::quantification
