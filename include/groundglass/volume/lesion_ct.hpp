#pragma once

#include <groundglass/volume/lesion_uncertainty.hpp>
#include <groundglass/volume/lung_ct.hpp>

#include <memory>
#include <utility>

namespace groundglass::volume {

/// Probabilities of one class in 255ths, a byte a voxel: a float map of a study would take four times its CT.
using probability_map = shared_array3<std::uint8_t>;

/// A CT with lungs and lesions: what a segmentation gives and the quantification takes. Copies share the
/// voxels.
class lesion_ct {
public:
    lesion_ct() = default;

    /// `lesions` holds `lesion_label` values in the CT's grid. Probabilities are optional (null when not
    /// kept), and so is the uncertainty. Throws `std::invalid_argument` for another shape or a value above 2,
    /// and for an uncertainty that is wrong in itself.
    lesion_ct(lung_ct lungs, array3<std::uint8_t> lesions, notes remarks = {},
              probability_map ground_glass = {}, probability_map consolidation = {},
              std::shared_ptr<const lesion_uncertainty> uncertainty = {})
        : lungs_(std::move(lungs)), lesions_(shared(std::move(lesions))), notes_(std::move(remarks)),
          ground_glass_(std::move(ground_glass)), consolidation_(std::move(consolidation)),
          uncertainty_(std::move(uncertainty)) {
        const auto& shape = lungs_.ct().grid().shape;
        const auto other = [&](const probability_map& map) { return map && shape_of(*map) != shape; };
        if (shape_of(*lesions_) != shape || other(ground_glass_) || other(consolidation_))
            throw std::invalid_argument("lesion_ct: the lesion map's shape differs from the CT's shape");
        for (const auto label : flat(*lesions_))
            if (label > 2)
                throw std::invalid_argument("lesion_ct: the lesion map holds the value " +
                                            std::to_string(label) +
                                            "; 0 none, 1 ground glass and 2 consolidation are allowed");
        if (uncertainty_) check(*uncertainty_, shape);
    }

    [[nodiscard]] const ct_volume& ct() const { return lungs_.ct(); }
    [[nodiscard]] const lung_ct& with_lungs() const { return lungs_; }
    [[nodiscard]] const array3<std::uint8_t>& lungs() const { return lungs_.lungs(); }
    /// `lesion_label` values, `(slice, row, column)`.
    [[nodiscard]] const array3<std::uint8_t>& lesions() const { return *lesions_; }
    [[nodiscard]] const shared_array3<std::uint8_t>& shared_lesions() const { return lesions_; }
    [[nodiscard]] const probability_map& ground_glass_probability() const { return ground_glass_; }
    [[nodiscard]] const probability_map& consolidation_probability() const { return consolidation_; }
    /// Null where the segmentation says nothing of its doubt.
    [[nodiscard]] const std::shared_ptr<const lesion_uncertainty>& uncertainty() const {
        return uncertainty_;
    }
    /// What is to be said of the segmentation; those of mask and CT are with them.
    [[nodiscard]] const notes& remarks() const { return notes_; }

private:
    lung_ct lungs_;
    shared_array3<std::uint8_t> lesions_;
    notes notes_;
    probability_map ground_glass_;
    probability_map consolidation_;
    std::shared_ptr<const lesion_uncertainty> uncertainty_;
};

} // namespace groundglass::volume
