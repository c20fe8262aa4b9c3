#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/ct_volume.hpp>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace groundglass::volume {

GROUNDGLASS_INLINE ct_volume::ct_volume(array3<std::int16_t> hounsfield, const geometry& grid,
                                        groundglass::notes found, volume::reconstruction made)
    : ct_volume(shared(std::move(hounsfield)), grid, std::move(found), std::move(made)) {}

GROUNDGLASS_INLINE ct_volume::ct_volume(shared_array3<std::int16_t> hounsfield, const geometry& grid,
                                        groundglass::notes found, volume::reconstruction made)
    : hounsfield_(std::move(hounsfield)), grid_(grid), notes_(std::move(found)),
      reconstruction_(std::move(made)) {
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
        throw std::invalid_argument("ct_volume: the directions must be those of an axial volume from feet "
                                    "to head; turn the array with to_axial first");
}

} // namespace groundglass::volume
