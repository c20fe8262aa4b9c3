#pragma once

#include <groundglass/stage.hpp>
#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/lung_ct.hpp>

namespace groundglass::lungs {

/// Limits of the lung mask.
struct lung_mask_options {
    /// Below this is lung or other air.
    double air_below_hu = -500;
    /// Below this is clear gas: bowel, a table's foam.
    double gas_below_hu = -945;
    /// Nothing brighter is added to the lungs when gaps are bridged: bone.
    double bone_above_hu = 250;
    /// How far the walls of trachea and main bronchi reach around their lumen.
    double airway_wall_mm = 2.5;
    /// Gaps in a lung, such as vessels and small consolidation at the pleura, are closed by a ball of this
    /// radius.
    double closing_mm = 8;
    /// Consolidation is taken in where the lung goes on around it within this distance (`bounded_gaps`); 0
    /// takes none.
    double bridge_mm = 60;
    /// Separate pieces with less than this share of the largest are dropped, unless the closing takes them
    /// in.
    double smallest_piece_percent = 2;

    friend bool operator==(const lung_mask_options&, const lung_mask_options&) = default;
};

/// Finds the lungs in a chest CT by their air: `ct_volume` to `lung_ct`, without a network.
///
/// Air inside the body, less bowel gas, trachea and main bronchi, the neck's airways and sheets of air in
/// tissue, falls into left and right lung (`separate_lungs`); each is closed by a ball, bridged at the chest
/// wall and its holes are filled, so vessels, nodules and consolidation at the pleura belong to it. Bowel gas
/// is flooded from its clear bodies against the lung up to the wall between. Consolidation of a whole base on
/// the diaphragm can't be told from it and stays outside, a pneumothorax inside. Works on any spacing, lying
/// on the back or on the belly. Notes: those of `assess_lungs`, `airway_not_found`, `lungs_separated`. An
/// empty mask is a warning. Needs a study of 150 x 512 x 512 about 1 to 2 s on one thread and 100 to 140 MB
/// beside the CT and the mask; the time follows the voxels and not the millimetres, also for a spacing that
/// no CT has.
class lung_mask : public pipeable {
public:
    using takes = volume::ct_volume;
    using gives = volume::lung_ct;

    /// Throws `std::invalid_argument` for an option that is not finite or out of its range.
    explicit lung_mask(lung_mask_options options = {});

    [[nodiscard]] const lung_mask_options& options() const { return options_; }
    friend bool operator==(const lung_mask& a, const lung_mask& b) { return a.options_ == b.options_; }

    [[nodiscard]] volume::lung_ct operator()(const volume::ct_volume& ct) const;

private:
    lung_mask_options options_;
};

} // namespace groundglass::lungs

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using lung_mask [[deprecated("groundglass::lungs::lung_mask")]] = lungs::lung_mask;
using lung_mask_options [[deprecated("groundglass::lungs::lung_mask_options")]] = lungs::lung_mask_options;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/lung_mask.hpp>
#endif
