#pragma once

#include <groundglass/array.hpp>
#include <groundglass/lungs/lung_plausibility.hpp>
#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/lung_ct.hpp>

namespace groundglass::lungs {

/// The CT with the user's own lung mask, in the place of `lung_mask`.
///
/// `given` has the CT's shape. Which value is left and which is right follows from where it lies in the
/// patient, whatever its number: 1 left and 2 right as here, 1 right and 2 left (lungmask), any other two
/// values on two sides, and one value for both lungs, which `separate_lungs` tells apart, or for one of them.
/// The lobes of `lobe_numberings`, the regions of the Chest Imaging Platform and the lungs of LUNA16 are
/// known by their numbers and put together. Voxels are never added or taken but what these name as no lung.
///
/// Notes are those of `assess_lungs`, `lungs_relabelled` where the numbers were not 1 left and 2 right, a
/// warning where only their place in an image of assumed orientation says so; `lungs_separated` and
/// `lungs_cut_at_middle` where one value stood for both lungs, `lung_side_uncertain` for one lung near the
/// middle of the body. Throws `std::invalid_argument` for another shape, and for values that stand for
/// anything else or do not lie on two sides. Cost: some passes over the mask and one over the air around the
/// body.
template <volume::label_value T>
[[nodiscard]] volume::lung_ct with_lungs(const volume::ct_volume& ct, const array3<T>& given);

} // namespace groundglass::lungs

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using lungs::with_lungs;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/given_lungs.hpp>
#endif
