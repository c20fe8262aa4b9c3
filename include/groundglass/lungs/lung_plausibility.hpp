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
};

/// Says what is wrong with a lung mask; an empty list when nothing is.
///
/// `lungs` holds `lung_label` values in the CT's grid. Warnings: `no_lungs_found`, `few_slices`,
/// `one_lung_missing`, `lungs_asymmetric`, `lungs_touch_border` (in the slice), `lungs_cut_at_base` and
/// `lungs_cut_at_apex` (first and last slice), `lung_volume_implausible` (not where the lungs are cut off,
/// which explains a small volume). Throws `std::invalid_argument` for another shape or a value that is no
/// label. Cost: two passes over the mask.
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
