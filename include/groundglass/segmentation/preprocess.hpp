#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

// Kernels between a CT slice and the image a network takes, and back. All planes are rows after rows.

namespace groundglass::segmentation {

struct image_size {
    std::size_t rows = 0;
    std::size_t columns = 0;

    friend bool operator==(const image_size&, const image_size&) = default;

    [[nodiscard]] constexpr std::size_t area() const { return rows * columns; }
};

/// A rectangle of pixels in a slice; empty when its size is.
struct pixel_box {
    std::size_t row = 0;
    std::size_t column = 0;
    image_size size;

    friend bool operator==(const pixel_box&, const pixel_box&) = default;

    [[nodiscard]] constexpr bool empty() const { return size.area() == 0; }
};

/// From `low` to `high`: a window in HU, or the values a network takes.
struct value_range {
    double low = 0;
    double high = 1;

    friend bool operator==(const value_range&, const value_range&) = default;
};

/// The smallest box around all non-zero pixels of a mask, widened by `margin` on each side but never beyond
/// the slice; empty when the mask is. One pass over the mask.
[[nodiscard]] inline pixel_box mask_box(std::span<const std::uint8_t> mask, image_size size,
                                        image_size margin = {}) {
    if (mask.size() != size.area())
        throw std::invalid_argument("mask_box: the mask has not rows x columns pixels");
    std::size_t top = size.rows;
    std::size_t bottom = 0;
    std::size_t left = size.columns;
    std::size_t right = 0;
    for (std::size_t row = 0; row < size.rows; ++row) {
        const auto line = mask.subspan(row * size.columns, size.columns);
        const auto set = [](std::uint8_t value) { return value != 0; };
        const auto first = std::find_if(line.begin(), line.end(), set);
        if (first == line.end()) continue;
        const auto last = std::find_if(line.rbegin(), line.rend(), set);
        top = std::min(top, row);
        bottom = row + 1;
        left = std::min(left, static_cast<std::size_t>(first - line.begin()));
        right = std::max(right, static_cast<std::size_t>(line.rend() - last));
    }
    if (bottom == 0) return {};
    top -= std::min(top, margin.rows);
    left -= std::min(left, margin.columns);
    bottom = std::min(size.rows, bottom + margin.rows);
    right = std::min(size.columns, right + margin.columns);
    return {top, left, {bottom - top, right - left}};
}

/// Maps the part of a slice inside `box` linearly so that `from` becomes `to`, and clips to `to`.
/// `slice` has `size.area()` values, `result` one for each pixel of the box.
template <class T>
requires std::integral<T> || std::floating_point<T>
void map_range(std::span<const T> slice, image_size size, const pixel_box& box, value_range from,
               value_range to, std::span<float> result) {
    if (slice.size() != size.area() || result.size() != box.size.area())
        throw std::invalid_argument("map_range: a plane has not the number of pixels of its size");
    const auto gain = static_cast<float>((to.high - to.low) / (from.high - from.low));
    const auto offset = static_cast<float>(to.low - from.low * (to.high - to.low) / (from.high - from.low));
    if (!std::isfinite(gain) || !std::isfinite(offset))
        throw std::invalid_argument("map_range: the range is too narrow or too wide for a picture");
    const auto lowest = static_cast<float>(std::min(to.low, to.high));
    const auto highest = static_cast<float>(std::max(to.low, to.high));
    for (std::size_t row = 0; row < box.size.rows; ++row) {
        const T* in = slice.data() + (box.row + row) * size.columns + box.column;
        float* out = result.data() + row * box.size.columns;
        for (std::size_t i = 0; i < box.size.columns; ++i)
            out[i] = std::clamp(static_cast<float>(in[i]) * gain + offset, lowest, highest);
    }
}

/// The size with its longer edge at `long_edge` pixels and the aspect kept, at least one pixel.
[[nodiscard]] inline image_size fit_long_edge(image_size size, std::size_t long_edge) {
    const double scale =
        static_cast<double>(long_edge) / static_cast<double>(std::max(size.rows, size.columns));
    const auto scaled = [scale](std::size_t edge) {
        return std::max<std::size_t>(
            1, static_cast<std::size_t>(std::lround(static_cast<double>(edge) * scale)));
    };
    return {scaled(size.rows), scaled(size.columns)};
}

[[nodiscard]] constexpr std::size_t round_up(std::size_t value, std::size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/// Copies a plane into the upper left corner of a larger one and fills the rest with `value`.
inline void pad_plane(std::span<const float> plane, image_size size, std::span<float> result,
                      image_size padded, float value) {
    for (std::size_t row = 0; row < padded.rows; ++row) {
        float* out = result.data() + row * padded.columns;
        if (row >= size.rows) {
            std::fill_n(out, padded.columns, value);
            continue;
        }
        std::copy_n(plane.data() + row * size.columns, size.columns, out);
        std::fill(out + size.columns, out + padded.columns, value);
    }
}

/// Takes the upper left corner of a plane: the way back from `pad_plane`.
inline void unpad_plane(std::span<const float> padded_plane, image_size padded, std::span<float> result,
                        image_size size) {
    for (std::size_t row = 0; row < size.rows; ++row)
        std::copy_n(padded_plane.data() + row * padded.columns, size.columns,
                    result.data() + row * size.columns);
}

/// Weights of a one-dimensional resize by a triangle. Pixel centres are at half positions; when shrinking,
/// the triangle is widened by the ratio, so every source pixel counts (antialiased); when enlarging, this is
/// the plain bilinear interpolation with the edge pixel repeated. The same weights as Pillow's `BILINEAR`.
class triangle_weights {
public:
    triangle_weights(std::size_t source, std::size_t target) : source_(source), first_(target) {
        if (source == 0 || target == 0) throw std::invalid_argument("triangle_weights: a size is 0");
        const double scale = static_cast<double>(source) / static_cast<double>(target);
        const double support = std::max(scale, 1.0);
        taps_ = std::min(source, static_cast<std::size_t>(std::ceil(support)) * 2 + 1);
        weights_.assign(target * taps_, 0.0F);
        std::vector<double> exact(taps_);
        for (std::size_t i = 0; i < target; ++i) {
            const double centre = (static_cast<double>(i) + 0.5) * scale;
            // NOLINTBEGIN(bugprone-incorrect-roundings): the windows of PyTorch and Pillow, halves up
            const auto begin = static_cast<std::size_t>(std::max(0.0, centre - support + 0.5));
            const auto end = std::min(source, static_cast<std::size_t>(centre + support + 0.5));
            // NOLINTEND(bugprone-incorrect-roundings)
            // Every row of weights has the same length, so a window at the far edge starts earlier.
            first_[i] = std::min(begin, source - taps_);
            std::fill(exact.begin(), exact.end(), 0.0);
            double sum = 0;
            for (std::size_t k = begin; k < end; ++k) {
                const double distance = std::abs(static_cast<double>(k) + 0.5 - centre) / support;
                exact[k - first_[i]] = std::max(0.0, 1.0 - distance);
                sum += exact[k - first_[i]];
            }
            for (std::size_t k = 0; k < taps_; ++k)
                weights_[i * taps_ + k] = static_cast<float>(exact[k] / sum);
        }
    }

    [[nodiscard]] std::size_t source() const { return source_; }
    [[nodiscard]] std::size_t target() const { return first_.size(); }
    [[nodiscard]] std::size_t taps() const { return taps_; }
    /// First source pixel of a target pixel.
    [[nodiscard]] std::size_t first(std::size_t target) const { return first_[target]; }
    /// `taps()` weights of a target pixel, of sum 1.
    [[nodiscard]] const float* weights(std::size_t target) const { return weights_.data() + target * taps_; }

private:
    std::size_t source_;
    std::size_t taps_ = 0;
    std::vector<std::size_t> first_;
    std::vector<float> weights_;
};

namespace detail {

inline void resize_rows(const float* source, std::size_t columns, const triangle_weights& weights,
                        float* target) {
    for (std::size_t row = 0; row < weights.target(); ++row) {
        float* out = target + row * columns;
        const float* in = source + weights.first(row) * columns;
        const float* weight = weights.weights(row);
        for (std::size_t i = 0; i < columns; ++i) out[i] = weight[0] * in[i];
        for (std::size_t k = 1; k < weights.taps(); ++k) {
            const float* line = in + k * columns;
            const float factor = weight[k];
            if (factor == 0.0F) continue;
            for (std::size_t i = 0; i < columns; ++i) out[i] += factor * line[i];
        }
    }
}

inline void resize_columns(const float* source, std::size_t rows, const triangle_weights& weights,
                           float* target) {
    const std::size_t taps = weights.taps();
    for (std::size_t row = 0; row < rows; ++row) {
        const float* line = source + row * weights.source();
        float* out = target + row * weights.target();
        for (std::size_t i = 0; i < weights.target(); ++i) {
            const float* in = line + weights.first(i);
            const float* weight = weights.weights(i);
            float sum = 0;
            for (std::size_t k = 0; k < taps; ++k) sum += weight[k] * in[k];
            out[i] = sum;
        }
    }
}

} // namespace detail

/// Resizes planes between two sizes, the weights computed once. Immutable, so threads may share one.
/// Equals Pillow's `resize(..., BILINEAR)` on float images to rounding (about 1e-6 of the values' range).
class bilinear_resize {
public:
    bilinear_resize(image_size source, image_size target)
        : source_(source), target_(target), rows_(source.rows, target.rows),
          columns_(source.columns, target.columns) {}

    [[nodiscard]] image_size source() const { return source_; }
    [[nodiscard]] image_size target() const { return target_; }

    /// `plane` has `source().area()` values, `result` `target().area()`; the two must not overlap.
    void operator()(std::span<const float> plane, std::span<float> result) const {
        if (plane.size() != source_.area() || result.size() != target_.area())
            throw std::invalid_argument("bilinear_resize: a plane has not the number of pixels of its size");
        if (source_ == target_) {
            std::copy(plane.begin(), plane.end(), result.begin());
            return;
        }
        // The rows first when that leaves fewer of them, so that the slower pass along columns has less to
        // do.
        std::vector<float> between(std::min(source_.rows, target_.rows) *
                                   (target_.rows < source_.rows ? source_.columns : target_.columns));
        if (target_.rows < source_.rows) {
            detail::resize_rows(plane.data(), source_.columns, rows_, between.data());
            detail::resize_columns(between.data(), target_.rows, columns_, result.data());
        } else {
            detail::resize_columns(plane.data(), source_.rows, columns_, between.data());
            detail::resize_rows(between.data(), target_.columns, rows_, result.data());
        }
    }

private:
    image_size source_;
    image_size target_;
    triangle_weights rows_;
    triangle_weights columns_;
};

} // namespace groundglass::segmentation
