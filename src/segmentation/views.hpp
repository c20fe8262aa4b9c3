#pragma once

#include <groundglass/segmentation/preprocess.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace groundglass::segmentation::detail {

/// One of the eight ways to lay an image: turned over its diagonal or not, then mirrored or not.
struct view {
    bool transposed = false;
    bool mirrored_rows = false;
    bool mirrored_columns = false;

    [[nodiscard]] bool plain() const { return !transposed && !mirrored_rows && !mirrored_columns; }

    [[nodiscard]] image_size laid(image_size size) const {
        return transposed ? image_size{size.columns, size.rows} : size;
    }

    /// Where a pixel comes to lie.
    [[nodiscard]] std::array<std::size_t, 2> laid(std::array<std::size_t, 2> pixel, image_size size) const {
        const auto [rows, columns] = laid(size);
        const std::size_t row = transposed ? pixel[1] : pixel[0];
        const std::size_t column = transposed ? pixel[0] : pixel[1];
        return {mirrored_rows ? rows - 1 - row : row, mirrored_columns ? columns - 1 - column : column};
    }

    /// Where a box of an image of `size` comes to lie.
    [[nodiscard]] pixel_box laid(const pixel_box& box, image_size size) const {
        const auto first = laid(std::array{box.row, box.column}, size);
        const auto last =
            laid(std::array{box.row + box.size.rows - 1, box.column + box.size.columns - 1}, size);
        return {first[0] < last[0] ? first[0] : last[0], first[1] < last[1] ? first[1] : last[1],
                laid(box.size)};
    }

    /// Lays an image of `size`.
    template <class T>
    void lay(std::span<const T> image, image_size size, std::span<T> result) const {
        for_each(size, [&](std::size_t here, std::size_t there) { result[there] = image[here]; });
    }

    /// Lays it back: `size` is that of the result.
    template <class T>
    void lay_back(std::span<const T> image, image_size size, std::span<T> result) const {
        for_each(size, [&](std::size_t here, std::size_t there) { result[here] = image[there]; });
    }

private:
    template <class F>
    void for_each(image_size size, F f) const {
        const std::size_t columns = laid(size).columns;
        for (std::size_t row = 0; row < size.rows; ++row)
            for (std::size_t column = 0; column < size.columns; ++column) {
                const auto there = laid(std::array{row, column}, size);
                f(row * size.columns + column, there[0] * columns + there[1]);
            }
    }
};

/// The first 1, 2, 4 or 8 of these are used: as it is, mirrored left to right, all flips, all quarter turns.
inline constexpr std::array<view, 8> all_views{{
    {},
    {.mirrored_columns = true},
    {.mirrored_rows = true},
    {.mirrored_rows = true, .mirrored_columns = true},
    {.transposed = true},
    {.transposed = true, .mirrored_columns = true},
    {.transposed = true, .mirrored_rows = true},
    {.transposed = true, .mirrored_rows = true, .mirrored_columns = true},
}};

} // namespace groundglass::segmentation::detail
