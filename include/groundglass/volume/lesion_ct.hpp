#pragma once

#include <groundglass/array.hpp>
#include <groundglass/note.hpp>
#include <groundglass/volume/lesion_uncertainty.hpp>
#include <groundglass/volume/lung_ct.hpp>

#include <cstdint>
#include <memory>

namespace groundglass::volume {

/// Probabilities of one class in 255ths, a byte a voxel: a float map of a study would take four times its CT.
using probability_map = shared_array3<std::uint8_t>;

/// A CT with lungs and lesions: what a segmentation gives and the quantification takes. Copies share the
/// voxels.
class lesion_ct {
public:
    lesion_ct() = default;

    /// `lesions` holds `lesion_label` values in the CT's grid; `found` is what is to be said of them.
    /// Probabilities are optional (null when not kept), and so is the uncertainty. Throws
    /// `std::invalid_argument` for another shape or a value that is no label, and for an uncertainty that is
    /// wrong in itself.
    lesion_ct(lung_ct lungs, array3<std::uint8_t> lesions, groundglass::notes found = {},
              probability_map ground_glass = {}, probability_map consolidation = {},
              std::shared_ptr<const lesion_uncertainty> uncertainty = {});

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
    [[nodiscard]] const groundglass::notes& notes() const { return notes_; }
    [[nodiscard, deprecated("use notes()")]] const groundglass::notes& remarks() const { return notes_; }

private:
    lung_ct lungs_;
    shared_array3<std::uint8_t> lesions_;
    groundglass::notes notes_;
    probability_map ground_glass_;
    probability_map consolidation_;
    std::shared_ptr<const lesion_uncertainty> uncertainty_;
};

} // namespace groundglass::volume

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using lesion_ct [[deprecated("groundglass::volume::lesion_ct")]] = volume::lesion_ct;
using probability_map [[deprecated("groundglass::volume::probability_map")]] = volume::probability_map;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/lesion_ct.hpp>
#endif
