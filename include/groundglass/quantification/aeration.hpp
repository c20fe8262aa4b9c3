#pragma once

#include <groundglass/quantification/aeration_measures.hpp>
#include <groundglass/quantification/aeration_table.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/volume/lesion_ct.hpp>
#include <groundglass/volume/lung_ct.hpp>

namespace groundglass::quantification {

struct aeration_options {
    /// The edges between the compartments, see `aeration_bands`.
    aeration_bands bands_hu = published_bands;
    friend bool operator==(const aeration_options&, const aeration_options&) = default;
};

/// Slices thicker than this average emphysema away (Gierada et al. 2010, doi:10.1016/j.acra.2009.08.007).
inline constexpr double thick_slices_mm = 3;

/// `lung_ct` or `lesion_ct` → `aeration_table`: volumes and shares of the compartments of aeration, low
/// attenuation, the 15th percentile, mean and standard deviation of HU, gas and tissue, for both lungs, each
/// lung and each third by height, and for lobes and segments where the lungs carry maps of them. Lesions are
/// lung like all else: no network takes part.
///
/// Notes: `thick_slices` where slices are thicker than `thick_slices_mm`, by their distance where the headers
/// do not say; `sharp_kernel` by the kernel's name (`volume::is_sharp_kernel`).
///
/// One pass over the voxels, another for each map; sums are integers, so the parts add up to the whole. About
/// 1 ns a voxel; with `involvement` in one pass, see `involvement_and_aeration`. The constructor throws
/// `std::invalid_argument` as `check_bands` does.
class aeration : public pipeable {
public:
    using takes = volume::lung_ct;
    using gives = aeration_table;

    explicit aeration(aeration_options options = {}) : options_(options) { check_bands(options_.bands_hu); }

    [[nodiscard]] aeration_table operator()(const volume::lung_ct& study) const;
    [[nodiscard]] aeration_table operator()(const volume::lesion_ct& study) const {
        return (*this)(study.with_lungs());
    }
    [[nodiscard]] const aeration_options& options() const { return options_; }

    friend bool operator==(const aeration& a, const aeration& b) { return a.options_ == b.options_; }

private:
    aeration_options options_;
};

} // namespace groundglass::quantification

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/aeration.hpp>
#endif
