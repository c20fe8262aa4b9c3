#pragma once

#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/geometry.hpp>

#include <string>

namespace groundglass {

/// A ball of a radius in mm on a grid: the voxels whose centre lies within the radius of the middle voxel.
/// Held as the half-width of each row, which is how the morphology uses it.
class ball {
public:
    /// Throws `std::invalid_argument` for a radius that is negative or not finite, or a spacing that is not
    /// positive.
    ball(double radius_mm, const vector3& spacing_mm) {
        if (!(radius_mm >= 0) || !std::isfinite(radius_mm))
            throw std::invalid_argument("ball: radius_mm must be 0 or more and finite, found " +
                                        std::to_string(radius_mm));
        for (const double spacing : spacing_mm)
            if (!(spacing > 0) || !std::isfinite(spacing))
                throw std::invalid_argument("ball: spacing_mm must be positive and finite, found " +
                                            std::to_string(spacing));
        const double limit = radius_mm * radius_mm * (1 + 1e-9); // a voxel on the surface belongs to the ball
        const auto reach = [&](double left, double spacing) {
            return static_cast<std::ptrdiff_t>(std::floor(std::sqrt(std::max(0.0, left)) / spacing));
        };
        const auto slices = reach(limit, spacing_mm[0]);
        for (auto slice = -slices; slice <= slices; ++slice) {
            const double z = static_cast<double>(slice) * spacing_mm[0];
            const auto rows = reach(limit - z * z, spacing_mm[1]);
            for (auto row = -rows; row <= rows; ++row) {
                const double y = static_cast<double>(row) * spacing_mm[1];
                rows_.push_back(
                    {slice, row, static_cast<std::size_t>(reach(limit - z * z - y * y, spacing_mm[2]))});
            }
        }
        reach_ = {static_cast<std::size_t>(slices), static_cast<std::size_t>(reach(limit, spacing_mm[1])),
                  static_cast<std::size_t>(reach(limit, spacing_mm[2]))};
    }

    struct row_extent {
        std::ptrdiff_t slice;
        std::ptrdiff_t row;
        std::size_t half_width;
    };
    [[nodiscard]] std::span<const row_extent> rows() const { return rows_; }
    /// The largest offset along each axis, in voxels.
    [[nodiscard]] const shape3& reach() const { return reach_; }

private:
    std::vector<row_extent> rows_;
    shape3 reach_{};
};

namespace detail {

/// Grows a row by one column on both sides; what leaves the row's words is lost.
inline void widen(std::span<const bit_mask::word> from, std::span<bit_mask::word> to) {
    constexpr auto top = bit_mask::bits - 1;
    const std::size_t n = from.size();
    for (std::size_t i = 0; i < n; ++i) {
        const auto left = i > 0 ? from[i - 1] >> top : 0;
        const auto right = i + 1 < n ? from[i + 1] << top : 0;
        to[i] = from[i] | (from[i] << 1) | (from[i] >> 1) | left | right;
    }
}

/// The mask in a grid that is larger by `margin` on all sides (columns: by whole words).
inline bit_mask padded(const bit_mask& mask, const shape3& margin, std::size_t margin_words) {
    const auto& shape = mask.shape();
    bit_mask result({shape[0] + 2 * margin[0], shape[1] + 2 * margin[1],
                     (mask.words_per_row() + 2 * margin_words) * bit_mask::bits});
    for (std::size_t slice = 0; slice < shape[0]; ++slice)
        for (std::size_t row = 0; row < shape[1]; ++row) {
            const auto from = mask.row(slice, row);
            std::copy(from.begin(), from.end(),
                      result.row(slice + margin[0], row + margin[1]).begin() +
                          static_cast<std::ptrdiff_t>(margin_words));
        }
    return result;
}

/// The inverse of `padded`.
inline bit_mask cropped(const bit_mask& mask, const shape3& shape, const shape3& margin,
                        std::size_t margin_words) {
    bit_mask result(shape);
    for (std::size_t slice = 0; slice < shape[0]; ++slice)
        for (std::size_t row = 0; row < shape[1]; ++row) {
            const auto from = mask.row(slice + margin[0], row + margin[1]);
            std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(margin_words), result.words_per_row(),
                        result.row(slice, row).begin());
        }
    return result;
}

} // namespace detail

/// Every voxel whose distance to the mask is within the ball's radius.
/// Cost: for each row that is not empty, one OR of a row for each row of the ball; 64 voxels at a time.
[[nodiscard]] inline bit_mask dilate(const bit_mask& mask, const ball& element) {
    const auto& shape = mask.shape();
    const std::size_t words = mask.words_per_row();
    bit_mask result(shape);
    std::size_t widest = 0;
    for (const auto& extent : element.rows()) widest = std::max(widest, extent.half_width);
    widest = std::min(widest, shape[2]);
    std::vector<bit_mask::word> widened((widest + 1) * words);
    const auto version = [&](std::size_t i) {
        return std::span<bit_mask::word>(widened).subspan(std::min(i, widest) * words, words);
    };
    for (std::size_t slice = 0; slice < shape[0]; ++slice)
        for (std::size_t row = 0; row < shape[1]; ++row) {
            const auto from = mask.row(slice, row);
            if (std::all_of(from.begin(), from.end(), [](auto w) { return w == 0; })) continue;
            std::copy(from.begin(), from.end(), widened.begin());
            for (std::size_t i = 1; i <= widest; ++i) detail::widen(version(i - 1), version(i));
            for (const auto& extent : element.rows()) {
                const auto s = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(slice) + extent.slice);
                const auto r = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(row) + extent.row);
                if (s >= shape[0] || r >= shape[1]) continue; // below 0 wraps to a large number
                const auto* source = version(extent.half_width).data();
                auto* target = result.row(s, r).data();
                for (std::size_t i = 0; i < words; ++i) target[i] |= source[i];
            }
        }
    if (shape[2] % bit_mask::bits != 0) { // the widening ran over the last column
        result.flip();
        result.flip();
    }
    return result;
}

/// Every voxel of the mask further than the ball's radius from all that is not in it. Beyond the grid counts
/// as in the mask, so that a cut organ keeps its cut face.
[[nodiscard]] inline bit_mask erode(const bit_mask& mask, const ball& element) {
    return ~dilate(~mask, element);
}

/// What a closing takes for granted beyond the first and the last slice.
enum class beyond_ends { empty, as_end_slice };

/// Closing: the mask and every gap the ball can't enter. Beyond the grid counts as empty and is not cut off,
/// so the result near the border is that of an endless grid. With `as_end_slice` the first and the last slice
/// go on beyond the grid, as an organ does that a scan cuts off: else the ball would enter every gap there
/// from outside.
[[nodiscard]] inline bit_mask close(const bit_mask& mask, const ball& element,
                                    beyond_ends ends = beyond_ends::empty) {
    const auto& reach = element.reach();
    const std::size_t words = (reach[2] + bit_mask::bits - 1) / bit_mask::bits;
    auto wide = detail::padded(mask, reach, words);
    const std::size_t last = reach[0] + mask.shape()[0] - 1;
    if (ends == beyond_ends::as_end_slice)
        for (std::size_t i = 0; i < reach[0]; ++i)
            for (std::size_t row = 0; row < wide.shape()[1]; ++row) {
                std::ranges::copy(wide.row(reach[0], row), wide.row(i, row).begin());
                std::ranges::copy(wide.row(last, row), wide.row(last + 1 + i, row).begin());
            }
    return detail::cropped(erode(dilate(wide, element), element), mask.shape(), reach, words);
}

/// Opening: the parts of the mask that the ball fits into.
[[nodiscard]] inline bit_mask open(const bit_mask& mask, const ball& element) {
    return dilate(erode(mask, element), element);
}

} // namespace groundglass
