#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/detail/lower_envelope.hpp>
#include <groundglass/volume/distance_transform.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::volume {

GROUNDGLASS_INLINE array3<float> squared_distance_mm2(const bit_mask& mask, const vector3& spacing_mm) {
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
