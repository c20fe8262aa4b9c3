#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/geometry.hpp>

#include <cstdint>
#include <optional>

namespace groundglass::lungs {

/// The air-filled trachea and main bronchi: the part of the airways outside the lungs.
struct central_airways {
    /// Their lumen, without the walls.
    volume::bit_mask lumen;
    /// Voxel where the trachea divides, or its lowest point found.
    shape3 carina{};
};

struct central_airways_options {
    /// Size of the trachea's lumen in one slice.
    double smallest_area_mm2 = 40;
    double largest_area_mm2 = 1000;
    /// A trachea must be seen over this length.
    double shortest_mm = 16;
    /// The lumen may lie this far from the trachea's axis, and the main bronchi may reach this far from the
    /// carina.
    double trachea_reach_mm = 22;
    double bronchi_reach_mm = 55;
    /// Trachea and bronchi together hold less than this; more is a leak into the lung.
    double largest_ml = 150;

    friend bool operator==(const central_airways_options&, const central_airways_options&) = default;
};

/// Finds trachea and main bronchi, or nothing when no trachea is seen.
///
/// `hounsfield` in HU, `inside` the air inside the body, `lungs` the box around the lungs, spacing in mm.
/// The lumen is grown from the trachea through air below a limit; of the limits from -960 HU in steps of 20
/// HU the highest is taken before the volume jumps, which is when the growth breaks through a bronchial wall.
/// Only what lies near the trachea's axis or the carina is kept, so that bronchi inside a lung, even widened
/// ones, stay with the lung.
/// Cost: one pass of `components` for each limit tried.
[[nodiscard]] std::optional<central_airways>
find_central_airways(const array3<std::int16_t>& hounsfield, const volume::bit_mask& inside,
                     const volume::component& lungs, const volume::vector3& spacing_mm,
                     const central_airways_options& options = {});

} // namespace groundglass::lungs

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using central_airways [[deprecated("groundglass::lungs::central_airways")]] = lungs::central_airways;
using central_airways_options [[deprecated("groundglass::lungs::central_airways_options")]] =
    lungs::central_airways_options;
using lungs::find_central_airways;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/airways.hpp>
#endif
