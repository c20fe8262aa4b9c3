#pragma once

#include <groundglass/array.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

// For the public header: it turns arrays of any type.
namespace groundglass::reading::detail {

/// Copies `source` to a result whose axis `i` is axis `axes[i]` of `source`, reversed where flipped.
template <class T>
array3<T> permuted(const array3<T>& source, const std::array<std::size_t, 3>& axes,
                   const std::array<bool, 3>& flipped) {
    const auto shape = shape_of(source);
    const std::array<std::size_t, 3> strides{shape[1] * shape[2], shape[2], 1};
    shape3 result_shape{};
    std::array<std::ptrdiff_t, 3> step{};
    std::ptrdiff_t start = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto axis = axes[i];
        result_shape[i] = shape[axis];
        step[i] = static_cast<std::ptrdiff_t>(strides[axis]);
        if (flipped[i] && shape[axis] > 0) {
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

} // namespace groundglass::reading::detail
