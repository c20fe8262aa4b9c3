#pragma once

#include <groundglass/array.hpp>
#include <groundglass/note.hpp>
#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/lobe_estimate.hpp>

#include <cstdint>
#include <optional>

namespace groundglass::volume {

/// A CT with its lungs: what `lung_mask` gives and the segmentation takes. Copies share the voxels.
class lung_ct {
public:
    lung_ct() = default;

    /// `lungs` holds `lung_label` values in the CT's grid; `found` is what is to be said of the mask. Throws
    /// `std::invalid_argument` for another shape or a value that is no label.
    lung_ct(ct_volume ct, array3<std::uint8_t> lungs, groundglass::notes found = {});

    /// The same lungs, divided into lobes and segments by maps in the CT's grid; null where they are not
    /// known. `found` is added to the notes. Throws `std::invalid_argument` for another shape, a lobe above 5
    /// or a segment above 20. One pass over the maps.
    [[nodiscard]] lung_ct divided(shared_array3<std::uint8_t> lobes, shared_array3<std::uint8_t> segments,
                                  const groundglass::notes& found = {}) const;

    /// The same lungs with lobes that were estimated, and how. Throws as `divided` does.
    [[nodiscard]] lung_ct with_estimated_lobes(array3<std::uint8_t> lobes, const volume::lobe_estimate& how,
                                               const groundglass::notes& found = {}) const;

    [[nodiscard]] const ct_volume& ct() const { return ct_; }
    /// `lung_label` values, `(slice, row, column)`.
    [[nodiscard]] const array3<std::uint8_t>& lungs() const { return *lungs_; }
    [[nodiscard]] const shared_array3<std::uint8_t>& shared_lungs() const { return lungs_; }
    /// `lobe_label` values, `(slice, row, column)`; null where the lobes are not known.
    [[nodiscard]] const shared_array3<std::uint8_t>& lobes() const { return lobes_; }
    /// How the lobes were estimated; empty where they are given or not known.
    [[nodiscard]] const std::optional<volume::lobe_estimate>& lobe_estimate() const { return lobe_estimate_; }
    /// 1 to 20, `(slice, row, column)`; null where the segments are not known.
    [[nodiscard]] const shared_array3<std::uint8_t>& segments() const { return segments_; }
    /// What is to be said of the mask; those of the CT are in `ct().notes()`.
    [[nodiscard]] const groundglass::notes& notes() const { return notes_; }
    [[nodiscard, deprecated("use notes()")]] const groundglass::notes& remarks() const { return notes_; }

private:
    ct_volume ct_;
    shared_array3<std::uint8_t> lungs_;
    groundglass::notes notes_;
    shared_array3<std::uint8_t> lobes_;
    shared_array3<std::uint8_t> segments_;
    std::optional<volume::lobe_estimate> lobe_estimate_;
};

} // namespace groundglass::volume

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using lung_ct [[deprecated("groundglass::volume::lung_ct")]] = volume::lung_ct;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/lung_ct.hpp>
#endif
