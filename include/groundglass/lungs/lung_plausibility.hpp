#pragma once

#include <groundglass/array.hpp>
#include <groundglass/note.hpp>
#include <groundglass/volume/ct_volume.hpp>

#include <cstddef>
#include <cstdint>

namespace groundglass::lungs {

/// What a pair of lungs is held against. Wide on purpose: a warning shall mean that somebody should look.
struct lung_plausibility {
    /// Both lungs of an adult, from full expiration or severe disease to emphysema.
    double smallest_ml = 1000;
    double largest_ml = 9500;
    /// The smaller lung's share of both; the left one holds about 45 % in health.
    double smallest_share = 0.3;
    /// A lung with less is missing.
    double missing_share = 0.03;
    /// Lung in the first or last slice over more than this area is cut off there.
    double cut_area_mm2 = 300;
    /// Fewer slices are no study of a chest.
    std::size_t fewest_slices = 10;
    /// More of the mask below the diaphragm, or of the trachea in it, is said.
    double abdomen_ml = 5;
    double airway_ml = 3;
    /// More dense tissue between a lung and the ribs behind it is said; what is thinner is the chest wall.
    double dense_ml = 50;
    double dense_mm = 10;
    /// Bone's share of a chest's tissue: water has less, a head more.
    double least_bone_share = 0.002;
    double most_bone_share = 0.22;
    /// A scan that ends within the bases of the lungs shows an abdomen where they have a smaller share of it.
    double abdomen_share = 0.04;
};

/// Says what is wrong with a lung mask; an empty list when nothing is.
///
/// `lungs` holds `lung_label` values in the CT's grid. Warnings, each with its place in slices (counted from
/// the feet, from 1) and ml where it has one:
/// - `no_lungs_found`, `few_slices`, `one_lung_missing`, `lungs_asymmetric`, `lungs_touch_border` (in the
///   slice), `lungs_cut_at_base` and `lungs_cut_at_apex` (first and last slice), `lung_volume_implausible`
///   (not where the lungs are cut off, which explains a small volume);
/// - `not_a_chest`: hardly any bone, mostly bone, or an abdomen with the tips of the lungs;
/// - `lung_in_abdomen`: clear gas in the lower half that no lung surrounds, and pieces below their lung;
/// - `airway_in_lungs`: a column of air in the middle of the mask with tissue around;
/// - `dense_outside_lungs`: dense tissue between a lung and the ribs behind it, effusion or consolidation
///   outside the mask. With air in it, it is called consolidation; -10 to 20 HU without any is called as
///   dense as fluid, a hint and no diagnosis. Dense lung that no air lies before is not seen: the ml are the
///   least.
///
/// Throws `std::invalid_argument` for another shape or a value that is no label. Cost: two passes over the
/// mask and about 50 ms on every n-th voxel of the CT, 4 mm apart.
[[nodiscard]] notes assess_lungs(const volume::ct_volume& ct, const array3<std::uint8_t>& lungs,
                                 const lung_plausibility& limits = {});

} // namespace groundglass::lungs

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using lungs::assess_lungs;
using lung_plausibility [[deprecated("groundglass::lungs::lung_plausibility")]] = lungs::lung_plausibility;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/lung_plausibility.hpp>
#endif
