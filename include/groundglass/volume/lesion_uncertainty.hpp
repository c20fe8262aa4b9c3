#pragma once

#include <groundglass/array.hpp>

#include <cstdint>
#include <vector>

namespace groundglass::volume {

/// What a segmentation knows of its own doubt: nested lesions, one for each level of a calibration, and what
/// each member of an ensemble found. See `involvement_uncertainty` for what is made of it.
struct lesion_uncertainty {
    /// In `first_level`: the voxel is consolidation where it is lesion, else ground glass.
    static constexpr std::uint8_t consolidated = 0x80;
    /// In `first_level`: the place in `levels`, counted from 1.
    static constexpr std::uint8_t place = 0x7F;

    /// Ascending, between 0 and 1; empty where the models are not calibrated. With this probability the true
    /// volume is at most that of the lesions of the level.
    std::vector<double> levels;
    /// For each voxel of the CT's grid the first level at which it is lesion, and at which it is at all
    /// higher ones, with `consolidated`; 0 where it is lesion at none. Null without levels. A map of places
    /// instead of probabilities: thresholds far below 1/255 keep their meaning.
    shared_array3<std::uint8_t> first_level;
    /// Lesion voxels inside the lungs by each member, that is each model in each view, slice by slice before
    /// any averaging; empty for a single member.
    std::vector<std::uint64_t> member_voxels;
};

/// Throws `std::invalid_argument` where the map does not lie in a grid of that shape or names a level that
/// is not there, or the levels do not ascend between 0 and 1.
void check(const lesion_uncertainty& doubt, const shape3& shape);

} // namespace groundglass::volume

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using volume::check;
using lesion_uncertainty [[deprecated("groundglass::volume::lesion_uncertainty")]] =
    volume::lesion_uncertainty;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/lesion_uncertainty.hpp>
#endif
