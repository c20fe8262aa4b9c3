#pragma once

#include <groundglass/quantification/hounsfield_statistics.hpp>
#include <groundglass/volume/label_map.hpp>

#include <cstdint>

namespace groundglass::quantification {

/// How much of one part of the lungs is ground glass or consolidation. Percentages are NaN where the part has
/// no lung, statistics in HU where it has no such voxel.
struct involvement_measures {
    double lung_ml = 0;         ///< all lung, lesions included
    double ground_glass_ml = 0; ///< lesions count inside the lung mask only
    double consolidation_ml = 0;
    double opacity_ml = 0;           ///< ground glass and consolidation
    double opacity_percent = 0;      ///< PO: 100 opacity / lung
    double high_opacity_percent = 0; ///< PHO: 100 high opacity / lung
    hounsfield_statistics lung_hu = {};
    hounsfield_statistics opacity_hu = {};
};

/// What counts as high opacity. Chaganti et al. (2020, doi:10.1148/ryai.2020200048), who have one lesion
/// class, take its voxels above -200 HU; with two classes consolidation says the same directly.
enum class high_opacity_rule : std::uint8_t { consolidation, above_minus_200_hu };

/// Counts and HU of one part of the lungs. Integers: sums of parts are the sum of the whole, and the order of
/// the voxels does not matter.
struct involvement_counts {
    hounsfield_sums lung, opacity;
    std::uint64_t ground_glass = 0, consolidation = 0, high_opacity = 0;

    /// Adds a voxel of lung; `lesion` is a `lesion_label` value.
    constexpr void add(std::int16_t hu, std::uint8_t lesion, high_opacity_rule rule) {
        lung.add(hu);
        if (lesion != 0) add_lesion(hu, lesion, rule);
    }
    /// Adds what a voxel of lesion counts besides the lung that it lies in.
    constexpr void add_lesion(std::int16_t hu, std::uint8_t lesion, high_opacity_rule rule) {
        opacity.add(hu);
        const bool consolidated = lesion == static_cast<std::uint8_t>(volume::lesion_label::consolidation);
        consolidation += consolidated;
        ground_glass += !consolidated;
        high_opacity += rule == high_opacity_rule::consolidation ? consolidated : hu > -200;
    }
    constexpr involvement_counts& operator+=(const involvement_counts& other) {
        lung += other.lung;
        opacity += other.opacity;
        ground_glass += other.ground_glass;
        consolidation += other.consolidation;
        high_opacity += other.high_opacity;
        return *this;
    }
    [[nodiscard]] involvement_measures measures(double voxel_ml) const;
};

} // namespace groundglass::quantification

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using high_opacity_rule [[deprecated("groundglass::quantification::high_opacity_rule")]] =
    quantification::high_opacity_rule;
using involvement_counts [[deprecated("groundglass::quantification::involvement_counts")]] =
    quantification::involvement_counts;
using involvement_measures [[deprecated("groundglass::quantification::involvement_measures")]] =
    quantification::involvement_measures;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/involvement_measures.hpp>
#endif
