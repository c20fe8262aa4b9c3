#pragma once

#include <groundglass/lungs/airways.hpp>
#include <groundglass/lungs/body_air.hpp>
#include <groundglass/lungs/chest_wall.hpp>
#include <groundglass/lungs/given_lungs.hpp>
#include <groundglass/stage.hpp>

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
/// Air inside the body, less bowel gas, trachea and main bronchi, falls into left and right lung
/// (`separate_lungs`); each is closed by a ball, bridged at the chest wall and its holes are filled, so
/// vessels, nodules and consolidation at the pleura belong to it. Consolidation of a whole base on the
/// diaphragm can't be told from it and stays outside. Works on any spacing, lying on the back or on the
/// belly. Remarks: those of `assess_lungs`, `airway_not_found`, `lungs_separated`. An empty mask is a
/// warning. Needs a study of 150 x 512 x 512 about 1 to 2 s on one thread and 100 to 140 MB beside the CT and
/// the mask; the time follows the voxels and not the millimetres, also for a spacing that no CT has.
class lung_mask : public pipeable {
public:
    using takes = volume::ct_volume;
    using gives = volume::lung_ct;

    /// Throws `std::invalid_argument` for an option that is not finite or out of its range.
    explicit lung_mask(lung_mask_options options = {}) : options_(options) {
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

    [[nodiscard]] const lung_mask_options& options() const { return options_; }
    friend bool operator==(const lung_mask& a, const lung_mask& b) { return a.options_ == b.options_; }

    [[nodiscard]] volume::lung_ct operator()(const volume::ct_volume& ct) const {
        notes remarks;
        auto lungs = make_array<std::uint8_t>(ct.grid().shape);
        find(ct, lungs, remarks);
        auto found = assess_lungs(ct, lungs);
        remarks.insert(remarks.end(), found.begin(), found.end());
        return {ct, std::move(lungs), std::move(remarks)};
    }

private:
    [[nodiscard]] volume::bit_mask lung_pieces(const array3<std::int16_t>& hounsfield,
                                               const volume::bit_mask& inside,
                                               const volume::bit_mask& surrounded,
                                               const volume::vector3& spacing) const {
        return detail::lung_pieces(hounsfield, inside, surrounded, spacing, options_.gas_below_hu,
                                   options_.smallest_piece_percent / 100);
    }

    /// Between the air's limit and this lies dense ground glass, but the rim of every vessel and of the chest
    /// wall as well; fat begins at about -150 HU.
    static constexpr double dense_ground_glass_hu = -250;

    void find(const volume::ct_volume& ct, array3<std::uint8_t>& labels, notes& remarks) const {
        const auto& spacing = ct.grid().spacing_mm;
        const double pixel = std::max(spacing[1], spacing[2]);
        volume::bit_mask inside;
        volume::bit_mask surrounded;
        volume::component box;
        {
            const double limit = options_.air_below_hu;
            const auto air = volume::mask_where(ct.hounsfield(), [=](std::int16_t v) { return v < limit; });
            const auto outside = detail::outside_air(ct.hounsfield(), air, options_.gas_below_hu, spacing);
            surrounded = detail::surrounded_by_body(air, outside, spacing);
            inside = air - outside;
            box = volume::bounding_box(lung_pieces(ct.hounsfield(), inside, surrounded, spacing));
        }
        if (box.voxels == 0) return;

        // All else happens in the box of the lungs and the trachea above them.
        auto [first, shape] = enlarged(box, ct.grid().shape, spacing);
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
                                    volume::ball(std::max(options_.airway_wall_mm, 1.01 * pixel), spacing));
        else
            remarks.push_back({note_level::info, "airway_not_found",
                               "No trachea was found, so none was taken out of the lungs."});
        inside -= airway;
        const auto bowel = detail::bowel_gas(hounsfield, inside, (box.first[0] + box.last[0]) / 2, spacing,
                                             options_.gas_below_hu, options_.air_below_hu);
        inside -= bowel;
        const auto lungs = lung_pieces(hounsfield, inside, surrounded, spacing);
        auto [left, right, parted_at_mm] =
            separate_lungs(hounsfield, lungs, spacing, 0.5 * static_cast<double>(box.first[2] + box.last[2]));
        if (parted_at_mm > 0)
            remarks.push_back({note_level::info, "lungs_separated",
                               "The lungs touch and were parted along the membrane between them."});

        const auto bone =
            volume::mask_where(hounsfield, [this](std::int16_t v) { return v > options_.bone_above_hu; });
        const auto ground_glass = volume::mask_where(hounsfield, [this](std::int16_t v) {
            return v >= options_.air_below_hu && v < dense_ground_glass_hu;
        });
        const auto complete = [&](const volume::bit_mask& lung, bool is_left) {
            if (lung.empty()) return;
            const auto box_of = enlarged(volume::bounding_box(lung), shape, spacing);
            const auto& [at, extent] = box_of;
            const shape3 place{first[0] + at[0], first[1] + at[1], first[2] + at[2]};
            const auto own = volume::crop(lung, at, extent);
            auto whole = own;
            const auto painted = volume::crop(labels, place, extent);
            const auto never = volume::crop(airway, at, extent) | volume::crop(bowel, at, extent) |
                               volume::crop(is_left ? right : left, at, extent) |
                               volume::mask_where(painted, [](std::uint8_t label) { return label != 0; });
            if (options_.bridge_mm > 0) {
                whole |=
                    detail::thick_ground_glass(volume::crop(ground_glass, at, extent) - never, own, spacing);
                whole |= bounded_gaps(whole, is_left, options_.bridge_mm, spacing) -
                         volume::crop(bone, at, extent) - never;
            }
            whole |= volume::close(whole, volume::ball(options_.closing_mm, spacing),
                                   volume::beyond_ends::as_end_slice) -
                     never;
            whole = volume::fill_holes(whole);
            whole -= volume::mask_where(painted, [](std::uint8_t label) { return label != 0; });
            volume::paint(
                labels, whole,
                static_cast<std::uint8_t>(is_left ? volume::lung_label::left : volume::lung_label::right),
                place);
        };
        complete(left, true);
        complete(right, false);
    }

    /// A box with the margin that the closing needs, as its first voxel and its shape.
    [[nodiscard]] std::array<shape3, 2> enlarged(const volume::component& box, const shape3& shape,
                                                 const volume::vector3& spacing) const {
        shape3 margin{};
        for (std::size_t axis = 0; axis < 3; ++axis)
            margin[axis] =
                volume::whole_up_to(std::ceil((options_.closing_mm + 4) / spacing[axis]), shape[axis]);
        return volume::with_margin(box, margin, shape);
    }

    lung_mask_options options_;
};

} // namespace groundglass::lungs
