#pragma once

#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/geometry.hpp>

#include <limits>

namespace groundglass::lungs {

namespace detail {

/// Adds to each voxel of the mask what is set `step` voxels (slices, rows, columns) before it, in place. The
/// voxels are visited against the step, so that none is read after it was written.
inline void add_earlier(volume::bit_mask& mask, std::array<std::ptrdiff_t, 3> step) {
    const auto& shape = mask.shape();
    const auto bits = static_cast<std::ptrdiff_t>(volume::bit_mask::bits);
    const auto words = static_cast<std::ptrdiff_t>(mask.words_per_row());
    const std::ptrdiff_t whole = step[2] >= 0 ? step[2] / bits : -((-step[2] + bits - 1) / bits);
    const auto part = static_cast<unsigned>(step[2] - whole * bits);
    const bool down = step > std::array<std::ptrdiff_t, 3>{};
    const std::size_t used = shape[2] % volume::bit_mask::bits;
    const volume::bit_mask::word tail = used == 0
                                            ? ~volume::bit_mask::word{0}
                                            : ~volume::bit_mask::word{0} >> (volume::bit_mask::bits - used);
    for (std::size_t i = 0; i < shape[0]; ++i)
        for (std::size_t j = 0; j < shape[1]; ++j) {
            const std::size_t slice = down ? shape[0] - 1 - i : i;
            const std::size_t row = down ? shape[1] - 1 - j : j;
            const auto s = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(slice) - step[0]);
            const auto r = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(row) - step[1]);
            if (s >= shape[0] || r >= shape[1]) continue; // below 0 wraps to a large number
            const auto* from = mask.row(s, r).data();
            auto* to = mask.row(slice, row).data();
            if (step[2] == 0) {
                for (std::ptrdiff_t w = 0; w < words; ++w) to[w] |= from[w];
                continue;
            }
            const auto word = [&](std::ptrdiff_t x) {
                return x >= 0 && x < words ? from[x] : volume::bit_mask::word{0};
            };
            for (std::ptrdiff_t k = 0; k < words; ++k) {
                const std::ptrdiff_t w = down ? words - 1 - k : k;
                to[w] |= part == 0 ? word(w - whole)
                                   : (word(w - whole) << part) | (word(w - whole - 1) >> (bits - part));
            }
            to[words - 1] &= tail;
        }
}

/// Closing along a line: fills gaps of the mask of at most `steps` voxels along it.
inline volume::bit_mask close_line(const volume::bit_mask& mask, std::array<std::ptrdiff_t, 3> step,
                                   std::ptrdiff_t steps) {
    const auto smear = [&](volume::bit_mask& what, std::ptrdiff_t direction) {
        for (std::ptrdiff_t reach = 0;
             reach < steps;) { // doubling: what was smeared so far, moved by as much
            const auto more = direction * std::min(reach + 1, steps - reach);
            add_earlier(what, {more * step[0], more * step[1], more * step[2]});
            reach += std::abs(more);
        }
    };
    volume::bit_mask result = mask;
    smear(result, 1); // has the mask at most `steps` behind
    result.flip();
    smear(result, -1);
    result.flip(); // so has all that lies at most `steps` ahead
    volume::bit_mask ahead = mask;
    smear(ahead, -1);
    result &= ahead; // or else what runs out of the grid would be filled
    return result |= mask;
}

struct point2 {
    double y;
    double x;
};

/// Convex hull of points sorted by `y` and then `x`, counter-clockwise in `(x, y)`. Andrew's monotone chain.
inline std::vector<point2> convex_hull(std::span<const point2> points) {
    const auto turn = [](const point2& a, const point2& b, const point2& c) {
        return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    };
    std::vector<point2> hull;
    const auto chain = [&](auto first, auto last) {
        const std::size_t bottom = hull.size() + 1;
        for (auto it = first; it != last; ++it) {
            while (hull.size() > bottom && turn(hull[hull.size() - 2], hull.back(), *it) <= 0)
                hull.pop_back();
            hull.push_back(*it);
        }
        hull.pop_back();
    };
    chain(points.begin(), points.end());
    chain(points.rbegin(), points.rend());
    return hull;
}

/// Finds gaps between a section's outermost points and its hull, both as distances by direction all around,
/// and draws the hull back to the middle where a gap's mouth is wider than `mouth_mm`.
inline void close_wide_mouths(std::span<const double> outermost, std::span<double> hull, double mouth_mm) {
    constexpr double gap_mm = 3;
    constexpr double turn = 6.283185307179586;
    const std::size_t n = hull.size();
    const auto is_gap = [&](std::size_t i) { return hull[i % n] - outermost[i % n] > gap_mm; };
    std::size_t start = 0;
    while (start < n && is_gap(start)) ++start;
    for (std::size_t i = start; i < start + n; ++i) {
        if (!is_gap(i)) continue;
        std::size_t end = i;
        while (end < i + n && is_gap(end)) ++end;
        const double a = hull[i % n];
        const double b = hull[(end - 1) % n];
        const double angle = static_cast<double>(end - i) * turn / static_cast<double>(n);
        const double mouth = std::sqrt(std::max(0.0, a * a + b * b - 2 * a * b * std::cos(angle)));
        if (mouth > mouth_mm || 2 * angle > turn)
            for (std::size_t k = i; k < end; ++k) hull[k % n] = 0;
        i = end;
    }
}

/// Keeps of `gaps` in one slice what lies between the lung and the chest wall: seen from the middle of the
/// lung's section behind the outermost lung of its direction, not towards the mediastinum, and within the
/// lung's convex hull where the hull spans no more than `mouth_mm`.
inline void keep_at_chest_wall(volume::bit_mask& gaps, const volume::bit_mask& lung, std::size_t slice,
                               bool is_left, double mouth_mm, const volume::vector3& spacing_mm) {
    constexpr std::size_t directions = 360;
    constexpr double turn = 6.283185307179586;
    // Sines of the angles to straight back and front: a little beyond the one, for the lung beside the spine,
    // and well before the other, where the heart lies.
    constexpr double beyond_back = 0.35;
    constexpr double before_front = 0.35;
    const auto& shape = lung.shape();
    const std::size_t words = lung.words_per_row();
    const auto direction_of = [&](double y, double x) {
        return volume::whole_up_to((std::atan2(y, x) / turn + 1) * directions, 2 * directions) % directions;
    };

    double n = 0;
    point2 middle{};
    std::vector<point2> ends;
    for (std::size_t row = 0; row < shape[1]; ++row)
        volume::for_each_run(lung.row(slice, row), [&](std::size_t begin, std::size_t end) {
            const auto length = static_cast<double>(end - begin);
            const auto y = static_cast<double>(row) * spacing_mm[1];
            const auto first = static_cast<double>(begin) * spacing_mm[2];
            const auto last = static_cast<double>(end - 1) * spacing_mm[2];
            n += length;
            middle.y += length * y;
            middle.x += length * 0.5 * (first + last);
            ends.push_back({y, first});
            if (end - begin > 1) ends.push_back({y, last});
        });
    const auto hull = ends.size() < 3 ? std::vector<point2>{} : convex_hull(ends);
    std::vector<double> outermost(directions);
    std::vector<double> limit(directions, std::numeric_limits<double>::infinity());
    if (hull.size() > 2) {
        middle = {middle.y / n, middle.x / n};
        std::vector<volume::bit_mask::word> edge(words);
        for (std::size_t row = 0; row < shape[1]; ++row) {
            const auto here = lung.row(slice, row);
            for (std::size_t w = 0; w < words; ++w) {
                const auto above = row > 0 ? lung.row(slice, row - 1)[w] : 0;
                const auto below = row + 1 < shape[1] ? lung.row(slice, row + 1)[w] : 0;
                edge[w] = here[w] & ~(above & below & (here[w] << 1) & (here[w] >> 1));
            }
            volume::for_each_run(edge, [&](std::size_t begin, std::size_t end) {
                for (std::size_t column = begin; column < end; ++column) {
                    const double y = static_cast<double>(row) * spacing_mm[1] - middle.y;
                    const double x = static_cast<double>(column) * spacing_mm[2] - middle.x;
                    auto& far = outermost[direction_of(y, x)];
                    far = std::max(far, std::hypot(y, x));
                }
            });
        }
        for (std::size_t i = 0; i < hull.size(); ++i) {
            const auto& a = hull[i];
            const auto& b = hull[(i + 1) % hull.size()];
            const double dy = b.y - a.y;
            const double dx = b.x - a.x;
            std::size_t at = direction_of(a.y - middle.y, a.x - middle.x);
            const std::size_t last = direction_of(b.y - middle.y, b.x - middle.x);
            for (;; at = (at + 1) % directions) {
                const double angle = (static_cast<double>(at) + 0.5) * turn / directions;
                const double c = std::cos(angle) * dy - std::sin(angle) * dx;
                const double r = ((a.x - middle.x) * dy - (a.y - middle.y) * dx) / c;
                if (r > 0) limit[at] = std::min(limit[at], r);
                if (at == last) break;
            }
        }
    }
    for (double& r : limit)
        if (!std::isfinite(r)) r = 0;
    close_wide_mouths(outermost, limit, mouth_mm);
    std::vector<volume::bit_mask::word> kept(words);
    for (std::size_t row = 0; row < shape[1]; ++row) {
        std::fill(kept.begin(), kept.end(), 0);
        auto candidates = gaps.row(slice, row);
        volume::for_each_run(candidates, [&](std::size_t begin, std::size_t end) {
            for (std::size_t column = begin; column < end; ++column) {
                const double y = static_cast<double>(row) * spacing_mm[1] - middle.y;
                const double x = static_cast<double>(column) * spacing_mm[2] - middle.x;
                const double r = std::hypot(y, x);
                if ((is_left ? x : -x) < (y > 0 ? -beyond_back * r : before_front * r)) continue;
                const auto i = direction_of(y, x);
                if (r > outermost[i] && r <= limit[i])
                    kept[column / volume::bit_mask::bits] |= volume::bit_mask::word{1}
                                                             << (column % volume::bit_mask::bits);
            }
        });
        std::copy(kept.begin(), kept.end(), candidates.begin());
    }
}

} // namespace detail

/// Consolidation and large vessels that a lung encloses from most sides, and consolidation between it and the
/// chest wall. A gap is taken where the lung bounds it above and below within `length_mm` and it lies between
/// lung and chest wall in the convex hull of the lung's section, or where the lung bounds it within half of
/// that length above and below and along three of four directions in its slice. A dome of the diaphragm is
/// not bounded below, and heart and aorta are wider than the length or not at the chest wall, so none of them
/// is taken.
///
/// `lung` is one lung; `is_left` says which. Returns the added voxels alone.
/// Cost: about 150 passes over the bits.
[[nodiscard]] inline volume::bit_mask bounded_gaps(const volume::bit_mask& lung, bool is_left,
                                                   double length_mm, const volume::vector3& spacing_mm) {
    const auto& shape = lung.shape();
    const std::size_t longest = std::max({shape[0], shape[1], shape[2]}); // steps beyond lead out of the grid
    const auto closed = [&](std::ptrdiff_t slices, std::ptrdiff_t rows, std::ptrdiff_t columns,
                            double share = 1) {
        const double mm =
            std::hypot(static_cast<double>(slices) * spacing_mm[0], static_cast<double>(rows) * spacing_mm[1],
                       static_cast<double>(columns) * spacing_mm[2]);
        return detail::close_line(
            lung, {slices, rows, columns},
            static_cast<std::ptrdiff_t>(volume::whole_up_to(share * length_mm / mm, longest)));
    };
    constexpr double half = 0.5; // the lung's own large vessels and masses, not the roots of the lungs
    volume::bit_mask once = closed(0, 0, 1, half);
    volume::bit_mask twice(lung.shape());
    volume::bit_mask thrice(lung.shape());
    for (const std::ptrdiff_t column : {0, 1, -1}) {
        const auto another = closed(0, 1, column, half);
        thrice |= twice & another;
        twice |= once & another;
        once |= another;
    }
    thrice &= closed(1, 0, 0, half) - lung;

    // The chest wall leans; so do lines along it from the lung above a gap to the lung below.
    constexpr double lean = 0.45;
    const auto steps = [&](double mm) {
        const double rounded = std::floor(lean * spacing_mm[0] / mm + 0.5);
        return std::max<std::ptrdiff_t>(1,
                                        static_cast<std::ptrdiff_t>(volume::whole_up_to(rounded, longest)));
    };
    const std::ptrdiff_t rows = steps(spacing_mm[1]);
    const std::ptrdiff_t columns = steps(spacing_mm[2]);
    auto wall = closed(1, 0, 0);
    for (const std::ptrdiff_t side : {-1, 1}) {
        wall |= closed(1, side * rows, 0);
        wall |= closed(1, 0, side * columns);
    }
    wall -= lung;
    for (std::size_t slice = 0; slice < lung.shape()[0]; ++slice)
        detail::keep_at_chest_wall(wall, lung, slice, is_left, length_mm, spacing_mm);
    return wall | thrice;
}

} // namespace groundglass::lungs
