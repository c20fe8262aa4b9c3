#pragma once

#include <groundglass/note.hpp>
#include <groundglass/volume/geometry.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace groundglass::volume {

/// A chest CT in Hounsfield units, rounded to whole units. Copies share the voxels.
class ct_volume {
public:
    ct_volume() = default;

    /// Throws `std::invalid_argument` when the array's shape is not the grid's, a spacing is not positive,
    /// the grid's volume is no number, or the grid is not axial (`to_axial` in `reading/orientation.hpp`
    /// turns it).
    ct_volume(array3<std::int16_t> hounsfield, const geometry& grid, notes remarks = {})
        : ct_volume(shared(std::move(hounsfield)), grid, std::move(remarks)) {}

    ct_volume(shared_array3<std::int16_t> hounsfield, const geometry& grid, notes remarks = {})
        : hounsfield_(std::move(hounsfield)), grid_(grid), notes_(std::move(remarks)) {
        if (shape_of(*hounsfield_) != grid.shape)
            throw std::invalid_argument("ct_volume: the array's shape differs from the grid's shape");
        for (double spacing : grid.spacing_mm)
            if (!(spacing > 0) || !std::isfinite(spacing))
                throw std::invalid_argument("ct_volume: spacing_mm must be positive and finite, found " +
                                            std::to_string(spacing));
        const double ml = grid.voxel_ml() * static_cast<double>(grid.size());
        if (grid.is_axial() && grid.size() > 0 && (!(ml > 0) || !std::isfinite(ml)))
            throw std::invalid_argument("ct_volume: spacing_mm and directions give the grid a volume that is "
                                        "0 or beyond all numbers");
        if (!grid.is_axial())
            throw std::invalid_argument(
                "ct_volume: the directions must be those of an axial volume from feet "
                "to head; turn the array with to_axial first");
    }

    /// HU, `(slice, row, column)`.
    [[nodiscard]] const array3<std::int16_t>& hounsfield() const { return *hounsfield_; }
    [[nodiscard]] const shared_array3<std::int16_t>& shared_hounsfield() const { return hounsfield_; }
    [[nodiscard]] const geometry& grid() const { return grid_; }
    /// What the reader found and mended.
    [[nodiscard]] const notes& remarks() const { return notes_; }

private:
    shared_array3<std::int16_t> hounsfield_;
    geometry grid_;
    notes notes_;
};

} // namespace groundglass::volume
