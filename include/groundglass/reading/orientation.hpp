#pragma once

#include <groundglass/error.hpp>
#include <groundglass/reading/slice_header.hpp>

#include <algorithm>
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
[[nodiscard]] inline axial_order axial_order_of(const volume::geometry& source) {
    // The LPS component that axial axes 0, 1, 2 run along: z, y, x.
    constexpr std::array<std::size_t, 3> component{2, 1, 0};
    std::array<std::size_t, 3> axes{0, 1, 2};
    axial_order best;
    double most = -1;
    do {
        double sum = 0;
        for (std::size_t i = 0; i < 3; ++i) sum += std::abs(source.direction[axes[i]][component[i]]);
        if (sum > most) most = sum, best.axes = axes;
    } while (std::next_permutation(axes.begin(), axes.end()));
    for (std::size_t i = 0; i < 3; ++i) {
        const double cosine = source.direction[best.axes[i]][component[i]];
        best.flipped[i] = cosine < 0;
        // cos 45°; "not" refuses NaN as well.
        if (!(std::abs(cosine) > 0.70710678118654752))
            throw format_error(
                "the volume's axes lie 45° or more off those of the body, so no slice is axial; "
                "resample it to axial slices first");
    }
    return best;
}

/// The grid of the turned array; every voxel keeps its place in the patient.
[[nodiscard]] inline volume::geometry to_axial(const volume::geometry& source, const axial_order& order) {
    volume::geometry result;
    std::array<double, 3> corner{};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto axis = order.axes[i];
        const double sign = order.flipped[i] ? -1 : 1;
        result.shape[i] = source.shape[axis];
        result.spacing_mm[i] = source.spacing_mm[axis];
        for (std::size_t k = 0; k < 3; ++k) result.direction[i][k] = sign * source.direction[axis][k] + 0.0;
        if (order.flipped[i]) corner[axis] = static_cast<double>(source.shape[axis]) - 1;
    }
    result.origin_mm = source.position_mm(corner[0], corner[1], corner[2]);
    return result;
}

namespace detail {

/// Copies `source` to `result` where axis `i` of `result` is axis `axes[i]` of `source`, reversed where
/// flipped.
template <class T>
array3<T> permuted(const array3<T>& source, const axial_order& order) {
    const auto shape = shape_of(source);
    const std::array<std::size_t, 3> strides{shape[1] * shape[2], shape[2], 1};
    shape3 result_shape{};
    std::array<std::ptrdiff_t, 3> step{};
    std::ptrdiff_t start = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto axis = order.axes[i];
        result_shape[i] = shape[axis];
        step[i] = static_cast<std::ptrdiff_t>(strides[axis]);
        if (order.flipped[i] && shape[axis] > 0) {
            start += step[i] * static_cast<std::ptrdiff_t>(shape[axis] - 1);
            step[i] = -step[i];
        }
    }
    auto result = make_array<T>(result_shape);
    const auto in = flat(source);
    auto out = flat(result).begin();
    for (std::size_t s = 0; s < result_shape[0]; ++s)
        for (std::size_t r = 0; r < result_shape[1]; ++r) {
            auto at =
                start + static_cast<std::ptrdiff_t>(s) * step[0] + static_cast<std::ptrdiff_t>(r) * step[1];
            for (std::size_t c = 0; c < result_shape[2]; ++c, at += step[2])
                *out++ = in[static_cast<std::size_t>(at)];
        }
    return result;
}

/// Reverses axes in place, so that a study turned upside down takes no second copy.
template <class T>
void flip(array3<T>& array, const std::array<bool, 3>& axes) {
    const auto shape = shape_of(array);
    if (axes[0])
        for (std::size_t a = 0, b = shape[0]; a + 1 < b; ++a) {
            const auto upper = slice_of(array, --b);
            std::swap_ranges(slice_of(array, a).begin(), slice_of(array, a).end(), upper.begin());
        }
    if (!axes[1] && !axes[2]) return;
    for (std::size_t s = 0; s < shape[0]; ++s) {
        const auto plane = slice_of(array, s);
        if (axes[1])
            for (std::size_t a = 0, b = shape[1]; a + 1 < b; ++a) {
                const auto lower = plane.subspan(a * shape[2], shape[2]);
                std::swap_ranges(lower.begin(), lower.end(), plane.subspan(--b * shape[2], shape[2]).begin());
            }
        if (axes[2])
            for (std::size_t r = 0; r < shape[1]; ++r) {
                const auto row = plane.subspan(r * shape[2], shape[2]);
                std::reverse(row.begin(), row.end());
            }
    }
}

} // namespace detail

/// Turns an array of any value type. Where only flips are needed, as for most files, it works in place on the
/// array given; otherwise it makes one copy. O(n).
template <class T>
[[nodiscard]] array3<T> to_axial(array3<T> array, const axial_order& order) {
    if (order.axes == axial_order{}.axes) {
        detail::flip(array, order.flipped);
        return array;
    }
    return detail::permuted(array, order);
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
inline void check_on_grid(const volume::geometry& source, const volume::geometry& like) {
    const auto turned = to_axial(source, axial_order_of(source));
    const auto text = [](const volume::geometry& g) {
        std::string result;
        for (std::size_t i = 0; i < 3; ++i) result += (i ? " x " : "") + std::to_string(g.shape[i]);
        result += " voxels of ";
        for (std::size_t i = 0; i < 3; ++i) result += (i ? " x " : "") + detail::decimal(g.spacing_mm[i]);
        result += " mm from (";
        for (std::size_t i = 0; i < 3; ++i) result += (i ? ", " : "") + detail::decimal(g.origin_mm[i], 1);
        return result + ")";
    };
    double worst = 0;
    for (int corner = 0; corner < 8; ++corner) {
        std::array<double, 3> at{};
        for (std::size_t i = 0; i < 3; ++i)
            at[i] = (corner >> i & 1) ? static_cast<double>(like.shape[i]) - 1 : 0;
        const auto a = turned.position_mm(at[0], at[1], at[2]), b = like.position_mm(at[0], at[1], at[2]);
        for (std::size_t i = 0; i < 3; ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
    }
    const double allowed = 0.1 * *std::min_element(like.spacing_mm.begin(), like.spacing_mm.end());
    if (turned.shape != like.shape || !(worst <= allowed))
        throw format_error("the mask lies in another grid than the CT: found " + text(turned) +
                           ", expected " + text(like) +
                           "; resample it to the CT with nearest neighbours first");
}

/// Turns `array` to the axial grid `like`. No value is interpolated: a mask of another grid belongs to
/// another image, or must be resampled knowingly. Throws `format_error` as `check_on_grid` does.
template <class T>
[[nodiscard]] array3<T> on_grid(array3<T> array, const volume::geometry& source,
                                const volume::geometry& like) {
    check_on_grid(source, like);
    return to_axial(std::move(array), axial_order_of(source));
}

} // namespace groundglass::reading
