#pragma once

#include <groundglass/config.hpp>
#include <groundglass/lungs/body_middle.hpp>
#include <groundglass/lungs/detail/lung_separation.hpp>
#include <groundglass/lungs/lung_sides.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/morphology.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace groundglass::lungs {

namespace detail {

constexpr auto left_lung = static_cast<std::uint8_t>(volume::lung_label::left);
constexpr auto right_lung = static_cast<std::uint8_t>(volume::lung_label::right);

/// Voxels of a mask, those left of a column, and the mean of their columns.
struct spread_across {
    double all = 0;
    double left = 0;
    double centre = 0;
};

inline spread_across spread_of(const volume::bit_mask& mask, double middle) {
    spread_across result;
    volume::for_each_run(mask, [&](std::size_t, std::size_t, std::size_t begin, std::size_t end) {
        for (std::size_t column = begin; column < end; ++column) {
            result.all += 1;
            result.left += static_cast<double>(column) > middle ? 1 : 0;
            result.centre += static_cast<double>(column);
        }
    });
    if (result.all > 0) result.centre /= result.all;
    return result;
}

/// Gives each piece of `pieces` to the side of the body's middle where its centre lies.
inline void paint_by_middle(array3<std::uint8_t>& lungs, const volume::bit_mask& pieces, double middle) {
    const volume::components parts(pieces, volume::connectivity::faces);
    const auto centres = column_centres(parts);
    volume::paint(lungs, parts.select([&](std::size_t i) { return centres[i] > middle; }), left_lung);
    volume::paint(lungs, parts.select([&](std::size_t i) { return centres[i] <= middle; }), right_lung);
}

} // namespace detail

GROUNDGLASS_INLINE lung_sides find_sides(const volume::ct_volume& ct, const volume::bit_mask& lungs) {
    if (lungs.shape() != ct.grid().shape)
        throw std::invalid_argument("find_sides: the mask's shape differs from the CT's shape");
    lung_sides result{make_array<std::uint8_t>(lungs.shape())};
    const auto box = volume::bounding_box(lungs);
    if (box.voxels == 0) return result;
    const auto body = middle_of_body(ct, box.first[0], box.last[0]);
    const auto spread = detail::spread_of(lungs, body.column);
    const double minor = std::min(spread.left, spread.all - spread.left) / spread.all;

    constexpr double a_lung = 0.03; // as `lung_plausibility::missing_share`
    if (minor >= a_lung) {
        const auto pair = separate_lungs(ct.hounsfield(), lungs, ct.grid().spacing_mm, body.column);
        if (pair.parted_at_mm >= 0 && !pair.left.empty() && !pair.right.empty() &&
            detail::spread_of(pair.left, body.column).centre > body.column &&
            detail::spread_of(pair.right, body.column).centre < body.column) {
            volume::paint(result.labels, pair.left, detail::left_lung);
            volume::paint(result.labels, pair.right, detail::right_lung);
            result.how = sides_by::parts;
            result.parted_at_mm = pair.parted_at_mm;
            return result;
        }
        if (minor > 0.2) {
            volume::for_each_run(lungs, [&](std::size_t s, std::size_t r, std::size_t begin,
                                            std::size_t end) {
                for (std::size_t column = begin; column < end; ++column)
                    result.labels(s, r, column) =
                        static_cast<double>(column) > body.column ? detail::left_lung : detail::right_lung;
            });
            result.how = sides_by::cut;
            return result;
        }
    }
    detail::paint_by_middle(result.labels, lungs, body.column);
    if (minor > 0.1 || std::abs(spread.centre - body.column) < 0.08 * body.width)
        result.how = sides_by::near_middle;
    return result;
}

} // namespace groundglass::lungs
