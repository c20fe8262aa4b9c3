#pragma once

#include <groundglass/volume/lung_plausibility.hpp>
#include <groundglass/volume/lung_separation.hpp>

namespace groundglass {

/// The CT with the user's own lung mask, in the place of `lung_mask`.
///
/// `lungs` has the CT's shape and holds `lung_label` values, or a single value 1 for both lungs, which are
/// then told apart by `separate_lungs`; a 1 that lies on one side alone stays as it is. The mask's voxels are
/// never changed otherwise. Remarks are those of `assess_lungs`, and `lungs_separated` where the sides were
/// found here. Throws `std::invalid_argument` for another shape or a value above 2.
[[nodiscard]] inline lung_ct with_lungs(const ct_volume& ct, array3<std::uint8_t> lungs) {
    const auto& shape = ct.grid().shape;
    if (shape_of(lungs) != shape)
        throw std::invalid_argument("with_lungs: the mask's shape differs from the CT's shape");
    std::array<std::size_t, 3> voxels{};
    for (const auto label : flat(lungs)) {
        if (label > 2)
            throw std::invalid_argument("with_lungs: the mask holds the value " + std::to_string(label) +
                                        "; 0 none, 1 left lung and 2 right lung (or 1 for both) are allowed");
        ++voxels[label];
    }
    notes remarks;
    if (voxels[1] > 0 && voxels[2] == 0) {
        const auto both = mask_where(lungs, [](std::uint8_t label) { return label != 0; });
        const auto pair =
            separate_lungs(ct.hounsfield(), both, ct.grid().spacing_mm, static_cast<double>(shape[2]));
        if (!pair.left.empty() && !pair.right.empty() && pair.parted_at_mm >= 0) {
            paint(lungs, pair.left, static_cast<std::uint8_t>(lung_label::left));
            paint(lungs, pair.right, static_cast<std::uint8_t>(lung_label::right));
            remarks.push_back(
                {note_level::info, "lungs_separated",
                 "The given mask has one value for both lungs; left and right were told apart."});
        }
    }
    auto found = assess_lungs(ct, lungs);
    remarks.insert(remarks.end(), found.begin(), found.end());
    return {ct, std::move(lungs), std::move(remarks)};
}

} // namespace groundglass
