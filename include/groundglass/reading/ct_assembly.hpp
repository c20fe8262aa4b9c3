#pragma once

#include <groundglass/reading/ct_grid.hpp>
#include <groundglass/reading/hounsfield.hpp>
#include <groundglass/volume/ct_volume.hpp>

#include <utility>

namespace groundglass::reading {

/// Puts a CT together slice by slice, whoever reads the files: rescale, check of the values, axial order, all
/// in the one buffer that becomes the volume. Different slices may be put from different threads.
class ct_assembly {
public:
    /// `grid` is where the voxels lie as they come, in any orientation; `remarks` what the reader has to say.
    /// Throws `format_error` for a grid that no chest CT has, as `check_ct_grid` does.
    explicit ct_assembly(const volume::geometry& grid, notes remarks = {})
        : grid_((check_ct_grid(grid), grid)), order_(axial_order_of(grid)), remarks_(std::move(remarks)),
          array_(typename array3<std::int16_t>::shape_type{grid.shape[0], grid.shape[1], grid.shape[2]}),
          seen_(grid.shape[0]) {}

    [[nodiscard]] const volume::geometry& grid() const { return grid_; }

    /// The memory of `count` slices from `first`, to be read into and then put.
    [[nodiscard]] std::span<std::int16_t> room(std::size_t first, std::size_t count) {
        const auto size = grid_.shape[1] * grid_.shape[2];
        if (first > grid_.shape[0] || count > grid_.shape[0] - first)
            throw std::invalid_argument("ct_assembly: slices " + std::to_string(first) + " to " +
                                        std::to_string(first + count) + " of " +
                                        std::to_string(grid_.shape[0]));
        return flat(array_).subspan(first * size, count * size);
    }

    /// Stored values of whole slices from slice `first` on, in the grid's order, with their rescale.
    /// Throws `std::invalid_argument` where they are not whole slices of the volume.
    template <class T>
    void put(std::size_t first, std::span<const T> stored, double slope = 1, double intercept = 0) {
        const auto size = grid_.shape[1] * grid_.shape[2];
        if (stored.size() % size != 0)
            throw std::invalid_argument("ct_assembly: the values are not whole slices");
        const auto out = room(first, stored.size() / size);
        for (std::size_t s = 0; s * size < stored.size(); ++s)
            seen_[first + s] =
                to_hounsfield(stored.subspan(s * size, size), slope, intercept, out.subspan(s * size, size));
    }

    /// Adds what the reader has to say after it has seen the voxels.
    void remark(note one) { remarks_.push_back(std::move(one)); }

    /// The volume, axial and in HU; nothing is left in the assembly. Notes: those given, those of
    /// `check_hounsfield`, and `turned_to_axial`. Throws `format_error` as `check_hounsfield` does, and
    /// `std::logic_error` where a slice was never put.
    [[nodiscard]] volume::ct_volume finish() && {
        intensity_summary seen;
        for (const auto& one : seen_) {
            if (one.count == 0) throw std::logic_error("ct_assembly: a slice was never put");
            seen.merge(one);
        }
        auto found = check_hounsfield(flat(array_), seen);
        remarks_.insert(remarks_.end(), found.begin(), found.end());
        if (order_.axes != axial_order{}.axes)
            remarks_.push_back({note_level::info, "turned_to_axial",
                                "The images are not axial; the volume was turned to axial slices."});
        return {to_axial(std::move(array_), order_), to_axial(grid_, order_), std::move(remarks_)};
    }

private:
    volume::geometry grid_;
    axial_order order_;
    notes remarks_;
    array3<std::int16_t> array_;
    std::vector<intensity_summary> seen_;
};

} // namespace groundglass::reading
