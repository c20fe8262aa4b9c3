#pragma once

#include <groundglass/config.hpp>
#include <groundglass/note.hpp>
#include <groundglass/volume/lung_ct.hpp>

namespace groundglass::segmentation {

/// What is measured of a study, to tell whether it is of the kind that the networks learned from.
struct likeness_measures {
    double slice_mm = 0;
    /// Spread of neighbouring voxels in fat and soft tissue: 1.4826 times the median of second differences
    /// along the rows, in HU of one voxel.
    double noise_hu = 0;
    /// Share of the tissue in the box of the lungs that has HU of fat (-140 to -60) or soft tissue (0 to 90).
    double tissue_share = 0;
    /// How far bone within 40 mm of the middle lies behind the lungs' centre, as a share of their depth: the
    /// spine is behind. Not a number where there is no bone.
    double spine_offset = 0;
    /// Above 2500 HU, in the box of the lungs.
    double metal_ml = 0;
};

/// Limits of what the networks learned from, set beyond the extremes of ten CTs of three sources (2 to 4
/// mm slices, noise 12 to 21 HU, tissue share 0.62 to 0.72, spine 0.16 to 0.23, no metal), with room for thin
/// slices and sharp kernels.
struct likeness_limits {
    double thickest_slice_mm = 8.5;
    double most_noise_hu = 80;
    double least_tissue_share = 0.45;
    double least_spine_offset = 0.05;
    double most_metal_ml = 1;
};

/// Measures of the slices with lung, and of every second row in them. All 0 without lung. Cost: about 60 ms
/// for 150 slices of 512 x 512.
[[nodiscard]] GROUNDGLASS_EXPORT likeness_measures measure_likeness(const volume::lung_ct& lungs);

/// How unlike: 1 where a measure reaches its limit, more beyond, less within; of the measure that is
/// farthest.
[[nodiscard]] GROUNDGLASS_EXPORT double unlikeness(const likeness_measures& measures,
                                                   const likeness_limits& limits = {});

/// One warning `unlike_training` with the reasons in words, or none.
[[nodiscard]] GROUNDGLASS_EXPORT notes assess_likeness(const likeness_measures& measures,
                                                       const likeness_limits& limits = {});

} // namespace groundglass::segmentation
