#pragma once

#include <groundglass/config.hpp>
#include <groundglass/lungs/airways.hpp>
#include <groundglass/lungs/chest_wall.hpp>
#include <groundglass/lungs/detail/body_air.hpp>
#include <groundglass/lungs/detail/bowel_gas.hpp>
#include <groundglass/lungs/lung_mask.hpp>
#include <groundglass/lungs/lung_plausibility.hpp>
#include <groundglass/lungs/lung_separation.hpp>
#include <groundglass/note.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/morphology.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace groundglass::lungs {

namespace detail {

/// Between the air's limit and this lies dense ground glass, but the rim of every vessel and of the chest
/// wall as well; fat begins at about -150 HU.
inline constexpr int dense_ground_glass_hu = -250;

/// A box with the margin that the closing needs, as its first voxel and its shape.
inline std::array<shape3, 2> enlarged(const volume::component& box, const shape3& shape,
                                      const volume::vector3& spacing, double closing_mm) {
    shape3 margin{};
    for (std::size_t axis = 0; axis < 3; ++axis)
        margin[axis] = volume::whole_up_to(std::ceil((closing_mm + 4) / spacing[axis]), shape[axis]);
    return volume::with_margin(box, margin, shape);
}

/// Paints the lungs of a CT into `labels`, which are empty, and adds to `found` what is to be said.
inline void find_lungs(const volume::ct_volume& ct, const lung_mask_options& options,
                       array3<std::uint8_t>& labels, notes& found) {
    const auto& spacing = ct.grid().spacing_mm;
    const auto pieces = [&](const array3<std::int16_t>& hounsfield, const volume::bit_mask& air,
                            const volume::bit_mask& in_body) {
        return lung_pieces(hounsfield, air, in_body, spacing, options.gas_below_hu,
                           options.smallest_piece_percent / 100);
    };
    const double pixel = std::max(spacing[1], spacing[2]);
    volume::bit_mask inside;
    volume::bit_mask surrounded;
    volume::component box;
    {
        const auto limit = static_cast<int>(std::ceil(options.air_below_hu)); // of whole HU the same
        const auto air = volume::mask_where(ct.hounsfield(), [=](std::int16_t v) { return v < limit; });
        const auto outside = outside_air(ct.hounsfield(), air, options.gas_below_hu, spacing);
        surrounded = surrounded_by_body(air, outside, spacing);
        inside = air - outside;
        box = volume::bounding_box(pieces(ct.hounsfield(), inside, surrounded));
    }
    if (box.voxels == 0) return;

    // All else happens in the box of the lungs and the trachea above them.
    const auto region = enlarged(box, ct.grid().shape, spacing, options.closing_mm);
    const shape3 first = region[0];
    shape3 shape = region[1];
    shape[0] = ct.grid().shape[0] - first[0];
    for (std::size_t axis = 0; axis < 3; ++axis) {
        box.first[axis] -= first[axis];
        box.last[axis] -= first[axis];
    }
    const auto hounsfield = volume::crop(ct.hounsfield(), first, shape);
    inside = volume::crop(inside, first, shape);
    surrounded = volume::crop(surrounded, first, shape);

    volume::bit_mask airway(shape);
    if (const auto central = find_central_airways(hounsfield, inside, box, spacing))
        airway = volume::dilate(central->lumen,
                                volume::ball(std::max(options.airway_wall_mm, 1.01 * pixel), spacing));
    else
        found.push_back({note_level::info, "airway_not_found",
                         "No trachea was found, so none was taken out of the lungs."});
    inside -= airway;
    const auto bowel = bowel_gas(hounsfield, inside, (box.first[0] + box.last[0]) / 2, spacing,
                                 options.gas_below_hu, options.air_below_hu);
    inside -= bowel;
    const auto lungs = pieces(hounsfield, inside, surrounded);
    const auto sides =
        separate_lungs(hounsfield, lungs, spacing, 0.5 * static_cast<double>(box.first[2] + box.last[2]));
    if (sides.parted_at_mm > 0)
        found.push_back({note_level::info, "lungs_separated",
                         "The lungs touch and were parted along the membrane between them."});

    const auto bone = volume::mask_where(
        hounsfield,
        [limit = static_cast<int>(std::floor(options.bone_above_hu))](std::int16_t v) { return v > limit; });
    const auto ground_glass = volume::mask_where(
        hounsfield, [from = static_cast<int>(std::ceil(options.air_below_hu))](std::int16_t v) {
            return v >= from && v < dense_ground_glass_hu;
        });
    const auto complete = [&](const volume::bit_mask& lung, bool is_left) {
        if (lung.empty()) return;
        const auto [at, extent] = enlarged(volume::bounding_box(lung), shape, spacing, options.closing_mm);
        const shape3 place{first[0] + at[0], first[1] + at[1], first[2] + at[2]};
        const auto own = volume::crop(lung, at, extent);
        auto whole = own;
        const auto painted = volume::crop(labels, place, extent);
        const auto never = volume::crop(airway, at, extent) | volume::crop(bowel, at, extent) |
                           volume::crop(is_left ? sides.right : sides.left, at, extent) |
                           volume::mask_where(painted, [](std::uint8_t label) { return label != 0; });
        if (options.bridge_mm > 0) {
            whole |= thick_ground_glass(volume::crop(ground_glass, at, extent) - never, own, spacing);
            whole |= bounded_gaps(whole, is_left, options.bridge_mm, spacing) -
                     volume::crop(bone, at, extent) - never;
        }
        whole |= volume::close(whole, volume::ball(options.closing_mm, spacing),
                               volume::beyond_ends::as_end_slice) -
                 never;
        whole = volume::fill_holes(whole);
        whole -= volume::mask_where(painted, [](std::uint8_t label) { return label != 0; });
        volume::paint(
            labels, whole,
            static_cast<std::uint8_t>(is_left ? volume::lung_label::left : volume::lung_label::right), place);
    };
    complete(sides.left, true);
    complete(sides.right, false);
}

} // namespace detail

GROUNDGLASS_INLINE lung_mask::lung_mask(lung_mask_options options) : options_(options) {
    const auto check = [](const char* name, double value, double low, double high) {
        if (!(value >= low && value <= high))
            throw std::invalid_argument("lung_mask: " + std::string(name) + " must be from " +
                                        std::to_string(low) + " to " + std::to_string(high) + ", found " +
                                        std::to_string(value));
    };
    check("air_below_hu", options_.air_below_hu, -900, 0);
    check("gas_below_hu", options_.gas_below_hu, -1024, options_.air_below_hu);
    check("bone_above_hu", options_.bone_above_hu, 0, 32767);
    check("airway_wall_mm", options_.airway_wall_mm, 0, 20);
    check("closing_mm", options_.closing_mm, 0, 30);
    check("bridge_mm", options_.bridge_mm, 0, 100);
    check("smallest_piece_percent", options_.smallest_piece_percent, 0, 100);
}

GROUNDGLASS_INLINE volume::lung_ct lung_mask::operator()(const volume::ct_volume& ct) const {
    notes found;
    auto lungs = make_array<std::uint8_t>(ct.grid().shape);
    detail::find_lungs(ct, options_, lungs, found);
    const auto doubts = assess_lungs(ct, lungs);
    found.insert(found.end(), doubts.begin(), doubts.end());
    return {ct, std::move(lungs), std::move(found)};
}

} // namespace groundglass::lungs
