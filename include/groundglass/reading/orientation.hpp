#pragma once

#include <groundglass/array.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/detail/turned.hpp>
#include <groundglass/volume/geometry.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace groundglass::reading {

/// How a volume's axes become those of an axial one: axis `i` of the axial volume is axis `axes[i]` of the
/// source, run backwards where `flipped[i]`.
struct axial_order {
    std::array<std::size_t, 3> axes{0, 1, 2};
    std::array<bool, 3> flipped{false, false, false};

    [[nodiscard]] bool identity() const { return *this == axial_order{}; }
    friend bool operator==(const axial_order&, const axial_order&) = default;
};

/// The order that brings slices to run from feet to head, rows to the back and columns to the left.
/// Throws `format_error` where the axes lie 45° or more off those of the body, so that no order would be
/// right.
[[nodiscard]] axial_order axial_order_of(const volume::geometry& source);

/// The grid of the turned array; every voxel keeps its place in the patient.
[[nodiscard]] volume::geometry to_axial(const volume::geometry& source, const axial_order& order);

/// Turns an array of any value type. Where only flips are needed, as for most files, it works in place on the
/// array given; otherwise it makes one copy. O(n).
template <class T>
[[nodiscard]] array3<T> to_axial(array3<T> array, const axial_order& order) {
    if (order.axes == axial_order{}.axes) {
        detail::flip(array, order.flipped);
        return array;
    }
    return detail::permuted(array, order.axes, order.flipped);
}

/// The inverse: an array in the axial grid back in the order of its source, to be written beside it. O(n).
template <class T>
[[nodiscard]] array3<T> from_axial(array3<T> array, const axial_order& order) {
    axial_order inverse;
    for (std::size_t i = 0; i < 3; ++i) {
        inverse.axes[order.axes[i]] = i;
        inverse.flipped[order.axes[i]] = order.flipped[i];
    }
    return to_axial(std::move(array), inverse);
}

/// Throws `format_error`, telling both grids, unless `source`, turned to axial, is the grid `like`: same
/// shape, and every corner within a tenth of the smallest spacing, which is what rounding in file headers
/// amounts to.
void check_on_grid(const volume::geometry& source, const volume::geometry& like);

/// Turns `array` to the axial grid `like`. No value is interpolated: a mask of another grid belongs to
/// another image, or must be resampled knowingly. Throws `format_error` as `check_on_grid` does.
template <class T>
[[nodiscard]] array3<T> on_grid(array3<T> array, const volume::geometry& source,
                                const volume::geometry& like) {
    check_on_grid(source, like);
    return to_axial(std::move(array), axial_order_of(source));
}

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using axial_order [[deprecated("groundglass::reading::axial_order")]] = reading::axial_order;
using reading::axial_order_of;
using reading::check_on_grid;
using reading::from_axial;
using reading::on_grid;
using reading::to_axial;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/orientation.hpp>
#endif
