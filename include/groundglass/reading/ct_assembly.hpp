#pragma once

#include <groundglass/array.hpp>
#include <groundglass/error.hpp>
#include <groundglass/note.hpp>
#include <groundglass/reading/ct_grid.hpp>
#include <groundglass/reading/hounsfield.hpp>
#include <groundglass/reading/orientation.hpp>
#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/reconstruction.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace groundglass::reading {

/// Puts a CT together slice by slice, whoever reads the files: rescale, check of the values, axial order, all
/// in the one buffer that becomes the volume. Different slices may be put from different threads.
class ct_assembly {
public:
    /// `grid` is where the voxels lie as they come, in any orientation; `remarks` what the reader has to say,
    /// `made` what the headers say of the slices. Throws `format_error` for a grid that no chest CT has, as
    /// `check_ct_grid` does.
    explicit ct_assembly(const volume::geometry& grid, notes remarks = {}, volume::reconstruction made = {});

    [[nodiscard]] const volume::geometry& grid() const { return grid_; }

    /// The memory of `count` slices from `first`, to be read into and then put.
    [[nodiscard]] std::span<std::int16_t> room(std::size_t first, std::size_t count);

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
    [[nodiscard]] volume::ct_volume finish() &&;

private:
    volume::geometry grid_;
    axial_order order_;
    notes remarks_;
    volume::reconstruction made_;
    array3<std::int16_t> array_;
    std::vector<intensity_summary> seen_;
};

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using ct_assembly [[deprecated("groundglass::reading::ct_assembly")]] = reading::ct_assembly;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/ct_assembly.hpp>
#endif
