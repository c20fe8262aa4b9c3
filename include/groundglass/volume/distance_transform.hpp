#pragma once

#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/geometry.hpp>

#include <limits>

namespace groundglass::volume {

namespace detail {

/// Lower envelope of the parabolas `height[i] + (x - i)^2 step^2` along a line of `n` values, in place.
/// `site` and `bound` are scratch of `n` and `n + 1` values, `copy` of `n`.
template <class T>
void lower_envelope(T* height, std::size_t n, std::size_t stride, double step, std::size_t* site,
                    double* bound, T* copy) {
    constexpr T far = std::numeric_limits<T>::infinity();
    const double square = step * step;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n; ++i) {
        copy[i] = height[i * stride];
        if (copy[i] == far) continue;
        const double x = static_cast<double>(i);
        double meet = -std::numeric_limits<double>::infinity();
        while (kept > 0) {
            const double s = static_cast<double>(site[kept - 1]);
            meet = (x + s) / 2 + (static_cast<double>(copy[i]) - static_cast<double>(copy[site[kept - 1]])) /
                                     (2 * square * (x - s));
            if (meet > bound[kept - 1]) break;
            --kept;
            meet = -std::numeric_limits<double>::infinity();
        }
        site[kept] = i;
        bound[kept++] = meet;
    }
    if (kept == 0) return;
    std::size_t at = 0;
    for (std::size_t i = 0; i < n; ++i) {
        while (at + 1 < kept && bound[at + 1] < static_cast<double>(i)) ++at;
        const double away = static_cast<double>(i) - static_cast<double>(site[at]);
        height[i * stride] = static_cast<T>(static_cast<double>(copy[site[at]]) + away * away * square);
    }
}

} // namespace detail

/// Squared distance in mm^2 from each voxel's centre to that of the nearest voxel *not* in the mask: 0
/// outside the mask, infinite everywhere when the mask is full. Beyond the grid counts as in the mask.
///
/// Exact to the rounding of float32; three passes over the volume, linear in its size, 4 bytes a voxel.
/// Throws `std::invalid_argument` for a spacing outside 1e-9 to 1e9 mm, whose squares float32 does not hold.
/// Method: Felzenszwalb, Huttenlocher, Distance transforms of sampled functions, Theory of Computing 8 (2012)
/// 415.
[[nodiscard]] inline array3<float> squared_distance_mm2(const bit_mask& mask, const vector3& spacing_mm) {
    for (const double spacing : spacing_mm)
        if (!(spacing >= 1e-9 && spacing <= 1e9))
            throw std::invalid_argument(
                "squared_distance_mm2: spacing_mm must lie between 1e-9 and 1e9, found " +
                std::to_string(spacing));
    const auto& shape = mask.shape();
    constexpr float far = std::numeric_limits<float>::infinity();
    auto result = make_array<float>(shape);
    float* data = flat(result).data();
    const std::size_t rows = shape[1];
    const std::size_t columns = shape[2];

    // Along rows the nearest background is the nearer end of the run.
    for_each_run(mask, [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end) {
        float* line = data + (slice * rows + row) * columns;
        const bool left = begin > 0;
        const bool right = end < columns;
        for (std::size_t i = begin; i < end; ++i) {
            double away = std::numeric_limits<double>::infinity();
            if (left) away = static_cast<double>(i - begin + 1);
            if (right) away = std::min(away, static_cast<double>(end - i));
            line[i] = left || right ? static_cast<float>(away * spacing_mm[2] * away * spacing_mm[2]) : far;
        }
    });

    const std::size_t longest = std::max(shape[0], rows);
    std::vector<std::size_t> site(longest);
    std::vector<double> bound(longest + 1);
    std::vector<float> copy(longest);
    const auto pass = [&](std::size_t first, std::size_t n, std::size_t stride, double step) {
        detail::lower_envelope(data + first, n, stride, step, site.data(), bound.data(), copy.data());
    };
    for (std::size_t slice = 0; slice < shape[0]; ++slice)
        for (std::size_t column = 0; column < columns; ++column)
            pass(slice * rows * columns + column, rows, columns, spacing_mm[1]);
    for (std::size_t i = 0; i < rows * columns; ++i) pass(i, shape[0], rows * columns, spacing_mm[0]);
    return result;
}

} // namespace groundglass::volume
