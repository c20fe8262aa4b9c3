#pragma once

#include <groundglass/quantification/hounsfield_histogram.hpp>

#include <array>
#include <limits>

namespace groundglass::quantification {

/// The edges between hyperinflated, normally aerated, poorly aerated, non-aerated and denser, in HU. A voxel
/// that has the value of one of the first three belongs to the compartment above it, one with the value of
/// the last to the non-aerated: hyperinflated is below -900, normally aerated -900 to -501, poorly aerated
/// -500 to -101, non-aerated -100 to +100, denser above +100.
///
/// Vieira et al. (1998, doi:10.1164/ajrccm.158.5.9802101) for -900, Gattinoni et al. (2001,
/// doi:10.1164/ajrccm.164.9.2103121) for the others.
using aeration_bands = std::array<int, 4>;
inline constexpr aeration_bands published_bands{-900, -500, -100, 100};

/// How much air and how much tissue one part of the lungs holds. Percentages, HU and the ratio are NaN where
/// the part has no lung.
struct aeration_measures {
    double lung_ml = 0; ///< all lung, lesions included; what the five compartments add up to
    double hyperinflated_ml = 0;
    double normally_aerated_ml = 0;
    double poorly_aerated_ml = 0;
    double non_aerated_ml = 0;
    double denser_ml = 0; ///< above the last band: calcium, contrast
    double hyperinflated_percent = 0;
    double normally_aerated_percent = 0;
    double poorly_aerated_percent = 0;
    double non_aerated_percent = 0;
    double denser_percent = 0;
    /// Share of the voxels below -950 HU (Gevenois et al. 1996, doi:10.1164/ajrccm.154.1.8680679).
    double low_attenuation_950_percent = 0;
    /// Share of the voxels below -910 HU (Müller et al. 1988, doi:10.1378/chest.94.4.782).
    double low_attenuation_910_percent = 0;
    /// The lowest HU that at least 15 % of the voxels do not exceed (Perc15, Dirksen et al. 1999,
    /// doi:10.1164/ajrccm.160.5.9901055).
    double perc15_hu = std::numeric_limits<double>::quiet_NaN();
    double mean_hu = std::numeric_limits<double>::quiet_NaN();
    double sd_hu = std::numeric_limits<double>::quiet_NaN(); ///< population standard deviation
    /// -HU/1000 of a voxel is gas, none at 0 HU and above, all of it at -1000 HU and below.
    double gas_ml = 0;
    /// (HU + 1000)/1000 g in a ml, none at -1000 HU and below.
    double lung_mass_g = 0;
    /// ml of gas for each g of tissue; NaN without tissue.
    double air_tissue_ratio = std::numeric_limits<double>::quiet_NaN();
};

/// The measures of the voxels that a histogram counts; `voxel_ml` is the volume of each. Throws
/// `std::invalid_argument` as `check_bands` does.
[[nodiscard]] aeration_measures measures_of(const hounsfield_histogram& lung, double voxel_ml,
                                            const aeration_bands& bands = published_bands);

/// Throws `std::invalid_argument` unless the edges rise and lie within -1024 to 3071 HU.
void check_bands(const aeration_bands& bands);

} // namespace groundglass::quantification

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/aeration_measures.hpp>
#endif
