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

namespace detail {

/// Passes along lines of `n` values that lie `stride` apart, the lines themselves side by side. Some lines at
/// a time are copied to where their values are neighbours: each part of the volume is then loaded once, not
/// once a line. Between two zeros nothing beyond them counts, so each such stretch is a line of its own.
class distance_pass {
public:
    distance_pass(std::size_t n, double step)
        : n_(n), step_(step), lines_(together * n), site_(n), bound_(n + 1), copy_(n) {}

    void operator()(float* first, std::size_t lines, std::size_t stride) {
        for (std::size_t line = 0; line < lines; line += together)
            some(first + line, std::min(together, lines - line), stride);
    }

private:
    static constexpr std::size_t together = 16; // floats of a cache line

    void some(float* first, std::size_t lines, std::size_t stride) {
        for (std::size_t i = 0; i < n_; ++i)
            for (std::size_t k = 0; k < lines; ++k) lines_[k * n_ + i] = first[i * stride + k];
        bool changed = false;
        for (std::size_t k = 0; k < lines; ++k) changed |= stretches(lines_.data() + k * n_);
        if (!changed) return;
        for (std::size_t i = 0; i < n_; ++i)
            for (std::size_t k = 0; k < lines; ++k) first[i * stride + k] = lines_[k * n_ + i];
    }

    /// Whether there was any.
    bool stretches(float* line) {
        bool any = false;
        for (std::size_t i = 0; i < n_;) {
            if (line[i] == 0) {
                ++i;
                continue;
            }
            const std::size_t begin = i == 0 ? 0 : i - 1;
            while (i < n_ && line[i] != 0) ++i;
            const std::size_t end = std::min(i + 1, n_);
            lower_envelope(line + begin, end - begin, 1, step_, site_.data(), bound_.data(), copy_.data());
            any = true;
        }
        return any;
    }

    std::size_t n_;
    double step_;
    std::vector<float> lines_;
    std::vector<std::size_t> site_;
    std::vector<double> bound_;
    std::vector<float> copy_;
};

} // namespace detail

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

    detail::distance_pass along_rows(rows, spacing_mm[1]);
    for (std::size_t slice = 0; slice < shape[0]; ++slice)
        along_rows(data + slice * rows * columns, columns, columns);
    detail::distance_pass(shape[0], spacing_mm[0])(data, rows * columns, rows * columns);
    return result;
}

} // namespace groundglass::volume
