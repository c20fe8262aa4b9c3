#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/label_map.hpp>

#include <cstddef>
#include <vector>

namespace groundglass::lungs {

/// How much a label map holds of one value, and where.
struct label_place {
    std::size_t value = 0;
    std::size_t voxels = 0;
    /// Mean slice, row and column of those that were looked at.
    volume::vector3 centre{};

    friend bool operator==(const label_place&, const label_place&) = default;
};

/// The values of a label map but 0, ascending, each with its place. One pass over the map; 32 bytes for each
/// value of the number type.
template <volume::label_value T>
[[nodiscard]] std::vector<label_place> label_places(const array3<T>& labels);

/// Whether it is only assumed how the CT's axes lie in the patient, so that no side is certain.
[[nodiscard]] bool sides_are_assumed(const volume::ct_volume& ct);

} // namespace groundglass::lungs

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using label_place [[deprecated("groundglass::lungs::label_place")]] = lungs::label_place;
using lungs::label_places;
using lungs::sides_are_assumed;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/label_places.hpp>
#endif
