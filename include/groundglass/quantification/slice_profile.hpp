#pragma once

#include <groundglass/stage.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstddef>
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
    explicit slice_profile(slice_profile_options options = {});

    [[nodiscard]] std::vector<slice_involvement> operator()(const volume::lesion_ct& study) const;
    [[nodiscard]] const slice_profile_options& options() const { return options_; }

    friend bool operator==(const slice_profile& a, const slice_profile& b) {
        return a.options_ == b.options_;
    }

private:
    slice_profile_options options_;
};

} // namespace groundglass::quantification

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using slice_involvement [[deprecated("groundglass::quantification::slice_involvement")]] =
    quantification::slice_involvement;
using slice_profile [[deprecated("groundglass::quantification::slice_profile")]] =
    quantification::slice_profile;
using slice_profile_options [[deprecated("groundglass::quantification::slice_profile_options")]] =
    quantification::slice_profile_options;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/slice_profile.hpp>
#endif
