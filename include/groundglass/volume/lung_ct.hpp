#pragma once

#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/label_map.hpp>

namespace groundglass {

/// A CT with its lungs: what `lung_mask` gives and the segmentation takes. Copies share the voxels.
class lung_ct {
public:
    lung_ct() = default;

    /// `lungs` holds `lung_label` values in the CT's grid; `remarks` what is to be said of the mask.
    /// Throws `std::invalid_argument` for another shape or a value above 2.
    lung_ct(ct_volume ct, array3<std::uint8_t> lungs, notes remarks = {})
        : ct_(std::move(ct)), lungs_(share(std::move(lungs))), notes_(std::move(remarks)) {
        if (shape_of(*lungs_) != ct_.grid().shape)
            throw std::invalid_argument("lung_ct: the mask's shape differs from the CT's shape");
        for (const auto label : flat(*lungs_))
            if (label > 2)
                throw std::invalid_argument("lung_ct: the mask holds the value " + std::to_string(label) +
                                            "; 0 none, 1 left lung and 2 right lung are allowed");
    }

    [[nodiscard]] const ct_volume& ct() const { return ct_; }
    /// `lung_label` values, `(slice, row, column)`.
    [[nodiscard]] const array3<std::uint8_t>& lungs() const { return *lungs_; }
    [[nodiscard]] const shared_array3<std::uint8_t>& shared_lungs() const { return lungs_; }
    /// What is to be said of the mask; the CT's own remarks are in `ct().remarks()`.
    [[nodiscard]] const notes& remarks() const { return notes_; }

private:
    ct_volume ct_;
    shared_array3<std::uint8_t> lungs_;
    notes notes_;
};

} // namespace groundglass
