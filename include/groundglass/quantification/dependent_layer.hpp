#pragma once

#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstdint>

namespace groundglass::quantification {

/// Where the layer lies in the CT: at the back of a patient on the back, at the front of one on the front.
enum class dependent_side : std::uint8_t { back, front };

struct dependent_layer_options {
    /// How far from the pleura the layer reaches, against gravity.
    double depth_mm = 30;
    /// How much denser than the lung's own level it is at most, in HU.
    int above_lung_hu = 350;
    /// It goes on over so much in its way that does not belong to it: the partial volume of the chest wall,
    /// vessels, noise.
    double gap_mm = 5;
    /// The other lung has the like within this distance of the mirrored place.
    double mirror_mm = 20;
    friend bool operator==(const dependent_layer_options&, const dependent_layer_options&) = default;
};

/// The opacity that lies as dependent density does, lung that its own weight and blood make denser: voxels of
/// lesions in the layer along the pleura on the side to which the patient lies, no denser than
/// `lung_level_hu + above_lung_hu`, with the like in the other lung.
///
/// The layer of one lung in a slice is followed column by column from its outermost voxel, where that is in
/// the half of the lung's height that lies lower, up to `depth_mm`, and ends where more than `gap_mm` in a
/// row are no such opacity. Of what is found, the voxels stay that have the like in the other lung within
/// `mirror_mm` of the place mirrored about the plane midway between the lungs. Without two lungs there are
/// none.
///
/// Where the patient lay tells no disease from none: a pneumonia that lies symmetrically at the back and is
/// no denser is counted as well.
///
/// One pass over the lesions' slices, and a dilation (about 0.3 s where a study of 300 x 512 x 512 is full of
/// it).
/// Throws `std::invalid_argument` for an option that is negative or not finite.
[[nodiscard]] volume::bit_mask dependent_layer(const volume::lesion_ct& study, dependent_side side,
                                               int lung_level_hu,
                                               const dependent_layer_options& options = {});

} // namespace groundglass::quantification

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/dependent_layer.hpp>
#endif
