#pragma once

#include <groundglass/quantification/involvement_measures.hpp>

#include <limits>

namespace groundglass::quantification {

/// What a part of the lungs would measure had the patient breathed in to another volume.
struct breath_scaled {
    double gas_factor = std::numeric_limits<double>::quiet_NaN(); ///< by which all gas is multiplied
    double opacity_ml = std::numeric_limits<double>::quiet_NaN();
    double opacity_percent = std::numeric_limits<double>::quiet_NaN();
};

/// The opacity of a part of the lungs at the breath at which its lung takes `lung_ml`.
///
/// Mass-preserving: tissue keeps its volume, and gas is multiplied by one factor everywhere, such that lung
/// reaches `lung_ml`. A voxel of H HU holds -H/1000 of gas and the rest of tissue (Hoffman, Ritman 1985,
/// doi:10.1152/jappl.1985.59.5.1414), so the mean HU of lung and of opacity say how much of each is gas:
/// consolidation without gas keeps its volume, ground glass follows the lung as far as it holds air.
/// All NaN without lung, for a `lung_ml` that is not above its tissue, and for lung without gas.
[[nodiscard]] breath_scaled at_other_breath(const involvement_measures& measured, double lung_ml);

} // namespace groundglass::quantification

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/other_breath.hpp>
#endif
