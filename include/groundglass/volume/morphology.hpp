#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/geometry.hpp>

#include <cstddef>
#include <vector>

namespace groundglass::volume {

/// A ball of a radius in mm on a grid: the voxels whose centre lies within the radius of the middle voxel.
/// It is asked for what of it can matter in a grid, so that its size is bounded by voxels, however many of
/// them the radius spans.
class ball {
public:
    /// Throws `std::invalid_argument` for a radius that is negative or not finite, or a spacing that is not
    /// positive.
    ball(double radius_mm, const vector3& spacing_mm);

    /// The middle slice of the ball alone.
    [[nodiscard]] static ball disc(double radius_mm, const vector3& spacing_mm);

    /// A voxel belongs to the ball whose squared distance, in squared radii, is not more: those on the
    /// surface do.
    static constexpr double limit = 1 + 1e-9;
    /// From one voxel to the next along each axis, in radii; infinite for none.
    [[nodiscard]] const vector3& step() const { return step_; }

    /// The largest offset along each axis in voxels, but no more than `most`.
    [[nodiscard]] shape3 reach(const shape3& most) const;

    struct row_extent {
        std::ptrdiff_t slice;
        std::ptrdiff_t row;
        std::size_t half_width;
    };
    /// The ball's rows as offsets from its middle, none further than a grid of `shape` is long.
    [[nodiscard]] std::vector<row_extent> rows(const shape3& shape) const;

private:
    [[nodiscard]] std::size_t reach(std::size_t axis, double left, std::size_t most) const;

    vector3 step_{};
};

/// Every voxel whose distance to the mask is within the ball's radius.
/// Cost: for each row that is not empty, one OR of a row for each row of the ball, 64 voxels at a time; for
/// balls of more rows than any of a chest CT three passes over the distances, about 30 ns a voxel.
[[nodiscard]] bit_mask dilate(const bit_mask& mask, const ball& element);

/// Every voxel of the mask further than the ball's radius from all that is not in it. Beyond the grid counts
/// as in the mask, so that a cut organ keeps its cut face.
[[nodiscard]] bit_mask erode(const bit_mask& mask, const ball& element);

/// What a closing takes for granted beyond the first and the last slice.
enum class beyond_ends { empty, as_end_slice };

/// Closing: the mask and every gap the ball can't enter. Beyond the grid counts as empty and is not cut off,
/// so the result near the border is that of an endless grid. With `as_end_slice` the first and the last slice
/// go on beyond the grid, as an organ does that a scan cuts off: else the ball would enter every gap there
/// from outside. What the ball does further beyond the grid than the grid is long, and than 128 voxels, is
/// not followed.
[[nodiscard]] bit_mask close(const bit_mask& mask, const ball& element,
                             beyond_ends ends = beyond_ends::empty);

/// Opening: the parts of the mask that the ball fits into.
[[nodiscard]] bit_mask open(const bit_mask& mask, const ball& element);

} // namespace groundglass::volume

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using ball [[deprecated("groundglass::volume::ball")]] = volume::ball;
using beyond_ends [[deprecated("groundglass::volume::beyond_ends")]] = volume::beyond_ends;
using volume::close;
using volume::dilate;
using volume::erode;
using volume::open;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/morphology.hpp>
#endif
