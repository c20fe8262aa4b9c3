#pragma once

#include <groundglass/shape.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace groundglass::volume {

using vector3 = std::array<double, 3>;

/// The whole part of `value`, but from 0 to `most`: casting a double beyond that, or NaN (0 here), is
/// undefined. What becomes a count of voxels out of millimetres goes through this.
[[nodiscard]] constexpr std::size_t whole_up_to(double value, std::size_t most) {
    if (!(value > 0)) return 0;
    return value < static_cast<double>(most) ? static_cast<std::size_t>(value) : most;
}

[[nodiscard]] constexpr double dot(const vector3& a, const vector3& b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

[[nodiscard]] constexpr vector3 cross(const vector3& a, const vector3& b) {
    return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

/// Where a volume's voxels lie in the patient, in LPS (x to the left, y to the back, z to the head), the
/// frame of DICOM and ITK. All triples follow the array's axes: slice, row, column.
struct geometry {
    shape3 shape{};
    vector3 spacing_mm{1, 1, 1};
    /// LPS position of the centre of voxel (0, 0, 0).
    vector3 origin_mm{0, 0, 0};
    /// `direction[axis]` is the LPS unit vector of one step along that axis. The default is an axial volume
    /// from feet to head. The vectors need not be orthogonal: a gantry tilt shears the slice axis.
    std::array<vector3, 3> direction{{{0, 0, 1}, {0, 1, 0}, {1, 0, 0}}};

    friend bool operator==(const geometry&, const geometry&) = default;

    [[nodiscard]] std::size_t size() const { return shape[0] * shape[1] * shape[2]; }

    /// Millilitres of one voxel, from the determinant, so that it is right under a gantry tilt as well.
    [[nodiscard]] double voxel_ml() const {
        const double determinant = dot(direction[0], cross(direction[1], direction[2]));
        return std::abs(determinant) * spacing_mm[0] * spacing_mm[1] * spacing_mm[2] / 1000.0;
    }

    /// LPS position of a voxel's centre.
    [[nodiscard]] vector3 position_mm(double slice, double row, double column) const {
        vector3 result = origin_mm;
        const vector3 steps{slice * spacing_mm[0], row * spacing_mm[1], column * spacing_mm[2]};
        for (std::size_t axis = 0; axis < 3; ++axis)
            for (std::size_t i = 0; i < 3; ++i) result[i] += steps[axis] * direction[axis][i];
        return result;
    }

    /// True where slices run from feet to head, rows to the back and columns to the left, each within 45°:
    /// what every stage that knows left from right or top from bottom asks for.
    [[nodiscard]] bool is_axial() const {
        constexpr double cos_45 = 0.70710678118654752;
        return direction[0][2] > cos_45 && direction[1][1] > cos_45 && direction[2][0] > cos_45;
    }

    /// Angle in degrees between the slice axis and the normal of the slices: the gantry tilt, 0 when
    /// straight.
    [[nodiscard]] double tilt_degrees() const {
        const vector3 normal = cross(direction[2], direction[1]);
        const double length = std::sqrt(dot(normal, normal));
        const double cosine = std::abs(dot(direction[0], normal)) / length;
        return std::acos(std::min(1.0, cosine)) * 180.0 / 3.14159265358979323846;
    }
};

} // namespace groundglass::volume

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using volume::cross;
using volume::dot;
using geometry [[deprecated("groundglass::volume::geometry")]] = volume::geometry;
using vector3 [[deprecated("groundglass::volume::vector3")]] = volume::vector3;
using volume::whole_up_to;
} // namespace groundglass
#endif
