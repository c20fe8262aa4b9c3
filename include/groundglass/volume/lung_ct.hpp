#pragma once

#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/label_map.hpp>

namespace groundglass::volume {

/// A CT with its lungs: what `lung_mask` gives and the segmentation takes. Copies share the voxels.
class lung_ct {
public:
    lung_ct() = default;

    /// `lungs` holds `lung_label` values in the CT's grid; `remarks` what is to be said of the mask.
    /// Throws `std::invalid_argument` for another shape or a value above 2.
    lung_ct(ct_volume ct, array3<std::uint8_t> lungs, notes remarks = {})
        : ct_(std::move(ct)), lungs_(shared(std::move(lungs))), notes_(std::move(remarks)) {
        if (shape_of(*lungs_) != ct_.grid().shape)
            throw std::invalid_argument("lung_ct: the mask's shape differs from the CT's shape");
        for (const auto label : flat(*lungs_))
            if (label > 2)
                throw std::invalid_argument("lung_ct: the mask holds the value " + std::to_string(label) +
                                            "; 0 none, 1 left lung and 2 right lung are allowed");
    }

    /// The same lungs, divided into lobes and segments by maps in the CT's grid; null where they are not
    /// known. `remarks` are added. Throws `std::invalid_argument` for another shape, a lobe above 5 or a
    /// segment above
    /// 20. One pass over the maps.
    [[nodiscard]] lung_ct divided(shared_array3<std::uint8_t> lobes, shared_array3<std::uint8_t> segments,
                                  const notes& remarks = {}) const {
        check_parts("lobes", lobes, lobe_count);
        check_parts("segments", segments, segment_count);
        lung_ct result = *this;
        result.lobes_ = std::move(lobes);
        result.segments_ = std::move(segments);
        result.notes_.insert(result.notes_.end(), remarks.begin(), remarks.end());
        return result;
    }

    [[nodiscard]] const ct_volume& ct() const { return ct_; }
    /// `lung_label` values, `(slice, row, column)`.
    [[nodiscard]] const array3<std::uint8_t>& lungs() const { return *lungs_; }
    [[nodiscard]] const shared_array3<std::uint8_t>& shared_lungs() const { return lungs_; }
    /// `lobe_label` values, `(slice, row, column)`; null where the lobes are not known.
    [[nodiscard]] const shared_array3<std::uint8_t>& lobes() const { return lobes_; }
    /// 1 to 20, `(slice, row, column)`; null where the segments are not known.
    [[nodiscard]] const shared_array3<std::uint8_t>& segments() const { return segments_; }
    /// What is to be said of the mask; the CT's own remarks are in `ct().remarks()`.
    [[nodiscard]] const notes& remarks() const { return notes_; }

private:
    void check_parts(const std::string& name, const shared_array3<std::uint8_t>& parts,
                     std::uint8_t count) const {
        if (!parts) return;
        if (shape_of(*parts) != ct_.grid().shape)
            throw std::invalid_argument("lung_ct: the shape of the " + name + " differs from the CT's shape");
        for (const auto label : flat(*parts))
            if (label > count)
                throw std::invalid_argument("lung_ct: the " + name + " hold the value " +
                                            std::to_string(label) + "; 0 to " + std::to_string(count) +
                                            " are allowed");
    }

    ct_volume ct_;
    shared_array3<std::uint8_t> lungs_;
    notes notes_;
    shared_array3<std::uint8_t> lobes_;
    shared_array3<std::uint8_t> segments_;
};

} // namespace groundglass::volume
