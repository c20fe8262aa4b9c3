#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/morphology.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace groundglass::lungs::detail {

/// Air that reaches the border of its slice. Where little of it is clear gas it may be lung that a crop cut
/// through, and stays.
inline volume::bit_mask outside_air(const array3<std::int16_t>& hounsfield, const volume::bit_mask& air,
                                    double gas_below_hu, const volume::vector3& spacing_mm) {
    const volume::components parts(air, volume::connectivity::faces_in_slice);
    const auto gas = volume::mask_where(hounsfield, [limit = static_cast<int>(std::ceil(gas_below_hu))](
                                                        std::int16_t v) { return v < limit; });
    std::vector<std::size_t> clear(parts.size());
    parts.visit_runs([&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end,
                         std::size_t i) { clear[i] += volume::count_in(gas.row(slice, row), begin, end); });
    constexpr double lung_at_most =
        0.3; // emphysema aside, noise leaves a lung less than this below the limit
    constexpr double smallest_mm2 = 200;
    const auto& shape = air.shape();
    const double pixel_mm2 = spacing_mm[1] * spacing_mm[2];
    return parts.select([&](std::size_t i) {
        const auto& p = parts[i];
        const bool at_border =
            p.first[1] == 0 || p.first[2] == 0 || p.last[1] + 1 == shape[1] || p.last[2] + 1 == shape[2];
        const auto area = static_cast<double>(p.voxels);
        return at_border &&
               (static_cast<double>(clear[i]) > lung_at_most * area || area * pixel_mm2 < smallest_mm2);
    });
}

/// What has the body on at least three of four sides in its slice. The body is the largest solid left by an
/// opening, which takes a table's thin shells away. Where hardly any outside air is seen, the slice is a
/// crop, and its border counts as body.
inline volume::bit_mask surrounded_by_body(const volume::bit_mask& air, const volume::bit_mask& outside,
                                           const volume::vector3& spacing_mm) {
    const double radius = std::max(4.0, std::max(spacing_mm[1], spacing_mm[2]));
    const auto element = volume::ball::disc(radius, spacing_mm); // flat, for thick slices
    const auto body = volume::largest_components(volume::open(~air, element), 1);
    const auto& shape = body.shape();
    const std::size_t words = body.words_per_row();
    constexpr double crop_share = 0.05;
    volume::bit_mask result(shape);
    if (body.empty()) return result;
    std::vector<volume::bit_mask::word> behind(shape[1] * words);
    std::vector<volume::bit_mask::word> before(words);
    for (std::size_t slice = 0; slice < shape[0]; ++slice) {
        std::size_t seen = 0;
        for (std::size_t row = 0; row < shape[1]; ++row)
            for (const auto w : outside.row(slice, row)) seen += static_cast<std::size_t>(std::popcount(w));
        const bool crop = static_cast<double>(seen) < crop_share * static_cast<double>(shape[1] * shape[2]);
        const volume::bit_mask::word border = crop ? ~volume::bit_mask::word{0} : 0;
        std::fill(before.begin(), before.end(), border);
        for (std::size_t row = shape[1]; row-- > 0;) {
            const auto here = body.row(slice, row);
            for (std::size_t w = 0; w < words; ++w) {
                behind[row * words + w] = before[w];
                before[w] |= here[w];
            }
        }
        std::fill(before.begin(), before.end(), border);
        for (std::size_t row = 0; row < shape[1]; ++row) {
            const auto here = body.row(slice, row);
            std::size_t first = crop ? 0 : shape[2]; // right of this column the body is to the left
            std::size_t last = crop ? shape[2] : 0;  // left of this one it is to the right
            volume::for_each_run(here, [&](std::size_t begin, std::size_t end) {
                first = std::min(first, end);
                last = std::max(last, begin);
            });
            for (std::size_t w = 0; w < words; ++w) {
                const auto from = [&](std::size_t column) { // bits at and after a column
                    if (column <= w * volume::bit_mask::bits) return ~volume::bit_mask::word{0};
                    if (column >= (w + 1) * volume::bit_mask::bits) return volume::bit_mask::word{0};
                    return ~volume::bit_mask::word{0} << (column % volume::bit_mask::bits);
                };
                const auto left = from(first);
                const auto right = ~from(last);
                const auto front = before[w];
                const auto back = behind[row * words + w];
                result.row(slice, row)[w] = (front & back & (left | right)) | (left & right & (front | back));
                before[w] |= here[w];
            }
        }
    }
    return result;
}

inline constexpr double smallest_lung_mm = 25;

/// Less of a piece than this lies deeper than its rim: sheets of air in fat and between muscles.
inline constexpr double smallest_core = 0.15;

/// The air in the body that is lung, airways still with it: pieces of at least a share of the largest that
/// the body surrounds and whose middle is not clear gas; beside the largest only such as are no thin sheets
/// and don't lie wholly above it, in the neck. Nothing where no piece is `smallest_lung_mm` wide
/// and deep: the air of an abdomen is no lung, while even the apex of one is wider.
inline volume::bit_mask lung_pieces(const array3<std::int16_t>& hounsfield, const volume::bit_mask& inside,
                                    const volume::bit_mask& surrounded, const volume::vector3& spacing_mm,
                                    double gas_below_hu, double smallest_share) {
    const volume::components parts(inside, volume::connectivity::faces);
    const auto element =
        volume::ball::disc(std::max(2.0, 1.01 * std::max(spacing_mm[1], spacing_mm[2])), spacing_mm);
    const auto middle = volume::erode(inside, element);
    struct content {
        std::size_t in_body = 0;
        std::size_t core = 0; ///< voxels that are not at the piece's rim
        std::int64_t core_hu = 0;
    };
    std::vector<content> contents(parts.size());
    const auto& shape = inside.shape();
    parts.visit_runs([&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end,
                         std::size_t i) {
        contents[i].in_body += volume::count_in(surrounded.row(slice, row), begin, end);
        const auto* line = flat(hounsfield).data() + (slice * shape[1] + row) * shape[2];
        const auto core = middle.row(slice, row);
        for (std::size_t column = begin; column < end; ++column)
            if (((core[column / volume::bit_mask::bits] >> (column % volume::bit_mask::bits)) & 1U) != 0) {
                ++contents[i].core;
                contents[i].core_hu += line[column];
            }
    });
    std::vector<char> taken(parts.size());
    std::size_t largest = 0;
    std::size_t top = 0; // of the largest
    for (const std::size_t i : parts.by_size()) {
        if (static_cast<double>(parts[i].voxels) < smallest_share * static_cast<double>(largest)) break;
        if (static_cast<double>(parts[i].voxels) < 1e-5 * static_cast<double>(flat(hounsfield).size())) break;
        const auto& [in_body, core, core_hu] = contents[i];
        if (2 * in_body < parts[i].voxels) continue;
        const auto extent = [&](std::size_t axis) {
            return static_cast<double>(parts[i].last[axis] - parts[i].first[axis] + 1) * spacing_mm[axis];
        };
        if (largest != 0 &&
            (static_cast<double>(core) < smallest_core * static_cast<double>(parts[i].voxels) ||
             parts[i].first[0] > top))
            continue;
        if (largest == 0 && std::min(extent(1), extent(2)) < smallest_lung_mm) continue;
        if (core == 0 || static_cast<double>(core_hu) / static_cast<double>(core) < gas_below_hu) continue;
        if (largest == 0) top = parts[i].last[0];
        largest = std::max(largest, parts[i].voxels);
        taken[i] = 1;
    }
    return parts.select([&](std::size_t i) { return taken[i] != 0; });
}

/// Ground glass that a threshold for air leaves out: what of `tissue`, dense but not solid, is thicker than
/// the rim that partial volume makes along every border, and beside the lung.
inline volume::bit_mask thick_ground_glass(const volume::bit_mask& tissue, const volume::bit_mask& lung,
                                           const volume::vector3& spacing_mm) {
    const double pixel = 1.01 * std::max(spacing_mm[1], spacing_mm[2]);
    const auto thick = volume::open(tissue, volume::ball(std::max(2.0, pixel), spacing_mm));
    return volume::reconstruct(volume::dilate(lung, volume::ball(pixel, spacing_mm)), thick);
}

} // namespace groundglass::lungs::detail
