#pragma once

#include <groundglass/array.hpp>
#include <groundglass/note.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/reconstruction.hpp>

#include <cstdint>

namespace groundglass::volume {

/// A chest CT in Hounsfield units, rounded to whole units. Copies share the voxels.
class ct_volume {
public:
    ct_volume() = default;

    /// Throws `std::invalid_argument` when the array's shape is not the grid's, a spacing is not positive,
    /// the grid's volume is no number, or the grid is not axial (`to_axial` in `reading/orientation.hpp`
    /// turns it).
    ct_volume(array3<std::int16_t> hounsfield, const geometry& grid, groundglass::notes found = {},
              volume::reconstruction made = {});
    ct_volume(shared_array3<std::int16_t> hounsfield, const geometry& grid, groundglass::notes found = {},
              volume::reconstruction made = {});

    /// HU, `(slice, row, column)`.
    [[nodiscard]] const array3<std::int16_t>& hounsfield() const { return *hounsfield_; }
    [[nodiscard]] const shared_array3<std::int16_t>& shared_hounsfield() const { return hounsfield_; }
    [[nodiscard]] const geometry& grid() const { return grid_; }
    /// What the reader found and mended, the `found` of the constructor.
    [[nodiscard]] const groundglass::notes& notes() const { return notes_; }
    [[nodiscard, deprecated("use notes()")]] const groundglass::notes& remarks() const { return notes_; }
    /// How the scanner made the slices, the `made` of the constructor.
    [[nodiscard]] const volume::reconstruction& reconstruction() const { return reconstruction_; }

private:
    shared_array3<std::int16_t> hounsfield_;
    geometry grid_;
    groundglass::notes notes_;
    volume::reconstruction reconstruction_;
};

} // namespace groundglass::volume

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using ct_volume [[deprecated("groundglass::volume::ct_volume")]] = volume::ct_volume;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/ct_volume.hpp>
#endif
