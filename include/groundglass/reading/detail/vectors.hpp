#pragma once

#include <groundglass/volume/geometry.hpp>

#include <cmath>

namespace groundglass::reading::detail {

inline constexpr double cos_45 = 0.70710678118654752;

inline double length(const volume::vector3& v) { return std::sqrt(volume::dot(v, v)); }
inline volume::vector3 scaled(const volume::vector3& v, double factor) {
    return {v[0] * factor, v[1] * factor, v[2] * factor};
}
inline volume::vector3 minus(const volume::vector3& a, const volume::vector3& b) {
    return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
inline volume::vector3 along(const volume::vector3& a, double t, const volume::vector3& v) {
    return {a[0] + t * v[0], a[1] + t * v[1], a[2] + t * v[2]};
}

} // namespace groundglass::reading::detail
