#pragma once

#include <groundglass/error.hpp>
#include <groundglass/reading/detail/vectors.hpp>
#include <groundglass/reading/slice_header.hpp>
#include <groundglass/reading/wording.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// Where slices lie: their plane, their places along its normal, and the even line through them.
namespace groundglass::reading::detail {

/// Positions closer than this are one position: far below any slice spacing, far above rounding in the
/// header.
inline constexpr double same_place_mm = 0.01;

struct slice_plane {
    volume::vector3 column_step, row_step;
    /// Signed so that its largest component is positive: axial slices are then ordered from feet to head.
    volume::vector3 normal;
};

inline slice_plane plane_of(const slice_header& header) {
    const auto o = header.orientation.value_or(std::array<double, 6>{1, 0, 0, 0, 1, 0});
    volume::vector3 x{o[0], o[1], o[2]}, y{o[3], o[4], o[5]};
    const double nx = length(x), ny = length(y);
    // Written with "not" so that NaN is refused as well. Cosines are stored with as few as three decimals.
    if (!(std::abs(nx - 1) < 0.01 && std::abs(ny - 1) < 0.01 && std::abs(volume::dot(x, y)) < 0.01))
        throw format_error(
            "Image Orientation (Patient) does not hold two perpendicular unit vectors; the series "
            "must be exported again from the scanner or archive");
    x = scaled(x, 1 / nx);
    y = along(y, -volume::dot(x, y), x);
    y = scaled(y, 1 / length(y));
    volume::vector3 normal = volume::cross(x, y);
    const auto largest = *std::max_element(normal.begin(), normal.end(),
                                           [](double a, double b) { return std::abs(a) < std::abs(b); });
    if (largest < 0) normal = scaled(normal, -1);
    return {x, y, normal};
}

/// Position of a slice; by its Slice Location where it has none.
inline std::optional<volume::vector3> place_of(const slice_header& header, const volume::vector3& normal) {
    if (header.position) return header.position;
    if (header.slice_location) return scaled(normal, *header.slice_location);
    return {};
}

/// `z = -120.1 mm`, or the distance along the normal where that is not the body's axis.
inline std::string place_text(const volume::vector3& position, const volume::vector3& normal) {
    if (normal[2] > cos_45) return "z = " + decimal(position[2]) + " mm";
    return decimal(volume::dot(position, normal)) + " mm along the normal of the slices";
}

/// Evenly spaced places: `origin + i * step`.
struct even_places {
    volume::vector3 origin, step;

    [[nodiscard]] volume::vector3 off(const volume::vector3& place, std::size_t i) const {
        return minus(place, along(origin, static_cast<double>(i), step));
    }
};

/// The even places nearest to `places`: from the first to the last where that fits all of them, and otherwise
/// by least squares, because two rounded ends would tilt the whole.
inline even_places even_line(const std::vector<volume::vector3>& places) {
    const auto n = static_cast<double>(places.size());
    even_places line{places.front(), scaled(minus(places.back(), places.front()), 1 / (n - 1))};
    bool fits = true;
    for (std::size_t i = 0; i < places.size(); ++i) fits &= length(line.off(places[i], i)) < same_place_mm;
    if (fits) return line;
    volume::vector3 mean{}, moment{};
    double square = 0;
    for (const auto& place : places) mean = along(mean, 1 / n, place);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const double t = static_cast<double>(i) - (n - 1) / 2;
        moment = along(moment, t, minus(places[i], mean));
        square += t * t;
    }
    line.step = scaled(moment, 1 / square);
    line.origin = along(mean, -(n - 1) / 2, line.step);
    return line;
}

} // namespace groundglass::reading::detail
