#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/other_breath.hpp>

#include <algorithm>
#include <cmath>

namespace groundglass::quantification {

namespace detail {

/// The share of gas of what has a mean of `hu`.
[[nodiscard]] inline double gas_share(double hu) { return std::clamp(-hu / 1000, 0.0, 1.0); }

} // namespace detail

GROUNDGLASS_INLINE breath_scaled at_other_breath(const involvement_measures& measured, double lung_ml) {
    const double gas_ml = measured.lung_ml * detail::gas_share(measured.lung_hu.mean);
    const double tissue_ml = measured.lung_ml - gas_ml;
    if (!(measured.lung_ml > 0 && gas_ml > 0 && lung_ml > tissue_ml)) return {};
    breath_scaled result;
    result.gas_factor = (lung_ml - tissue_ml) / gas_ml;
    // No opacity has no HU.
    const double gas = measured.opacity_ml > 0 ? detail::gas_share(measured.opacity_hu.mean) : 0;
    result.opacity_ml = measured.opacity_ml * (1 - gas + result.gas_factor * gas);
    result.opacity_percent = 100 * result.opacity_ml / lung_ml;
    return result;
}

} // namespace groundglass::quantification
