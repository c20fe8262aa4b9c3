#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/components.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace groundglass::volume {

namespace detail {

/// Joins the runs of two rows, `[a, a_end)` and `[b, b_end)`, that overlap or with `diagonal` touch at a
/// corner. `label` is a forest over all runs in which a root is its component's first run.
template <class Runs>
inline void link_rows(const Runs& runs, std::vector<std::uint32_t>& label, std::size_t a, std::size_t a_end,
                      std::size_t b, std::size_t b_end, bool diagonal) {
    const std::uint32_t reach = diagonal ? 1 : 0;
    const auto root = [&](std::uint32_t i) {
        while (label[i] != i) i = label[i] = label[label[i]];
        return i;
    };
    while (a < a_end && b < b_end) {
        if (runs[a].begin < runs[b].end + reach && runs[b].begin < runs[a].end + reach) {
            const std::uint32_t x = root(static_cast<std::uint32_t>(a));
            const std::uint32_t y = root(static_cast<std::uint32_t>(b));
            if (x != y) label[std::max(x, y)] = std::min(x, y);
        }
        if (runs[a].end < runs[b].end)
            ++a;
        else
            ++b;
    }
}

} // namespace detail

GROUNDGLASS_INLINE components::components(const bit_mask& mask, connectivity neighbours)
    : shape_(mask.shape()) {
    const bool in_slice =
        neighbours == connectivity::faces_in_slice || neighbours == connectivity::all_in_slice;
    const bool diagonal = neighbours == connectivity::all || neighbours == connectivity::all_in_slice;
    const std::size_t rows = shape_[1];
    const auto link = [this](std::size_t row, std::size_t earlier, bool corners) {
        detail::link_rows(runs_, label_, row_start_[row], row_start_[row + 1], row_start_[earlier],
                          row_start_[earlier + 1], corners);
    };
    row_start_.reserve(shape_[0] * rows + 1);
    row_start_.push_back(0);
    for (std::size_t slice = 0; slice < shape_[0]; ++slice)
        for (std::size_t row = 0; row < rows; ++row) {
            for_each_run(mask.row(slice, row), [&](std::size_t begin, std::size_t end) {
                label_.push_back(static_cast<std::uint32_t>(runs_.size()));
                runs_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
            });
            if (runs_.size() >= std::numeric_limits<std::uint32_t>::max())
                throw std::length_error("components: the mask has more than 2^32 runs");
            row_start_.push_back(runs_.size());
            const std::size_t here = slice * rows + row;
            if (row > 0) link(here, here - 1, diagonal);
            if (in_slice || slice == 0) continue;
            const std::size_t below = here - rows;
            link(here, below, diagonal);
            if (diagonal && row > 0) link(here, below - 1, true);
            if (diagonal && row + 1 < rows) link(here, below + 1, true);
        }
    number();
}

GROUNDGLASS_INLINE void components::number() {
    std::size_t i = 0;
    for (std::size_t at = 0; at + 1 < row_start_.size(); ++at)
        for (; i < row_start_[at + 1]; ++i) {
            if (label_[i] == i) {
                label_[i] = static_cast<std::uint32_t>(list_.size());
                list_.emplace_back();
            } else {
                label_[i] = label_[label_[i]]; // an earlier run, numbered already
            }
            auto& c = list_[label_[i]];
            c.voxels += runs_[i].end - runs_[i].begin;
            const shape3 low{at / shape_[1], at % shape_[1], runs_[i].begin};
            const shape3 high{low[0], low[1], runs_[i].end - 1U};
            for (std::size_t axis = 0; axis < 3; ++axis) {
                c.first[axis] = std::min(c.first[axis], low[axis]);
                c.last[axis] = std::max(c.last[axis], high[axis]);
            }
        }
}

GROUNDGLASS_INLINE std::vector<std::size_t> components::by_size() const {
    std::vector<std::size_t> order(list_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return list_[a].voxels > list_[b].voxels; });
    return order;
}

GROUNDGLASS_INLINE bit_mask components::select(std::size_t number) const {
    return select([=](std::size_t i) { return i == number; });
}

GROUNDGLASS_INLINE array3<std::uint32_t> components::labels() const {
    auto result = make_array<std::uint32_t>(shape_);
    visit_runs([&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end, std::size_t i) {
        auto* first = flat(result).data() + (slice * shape_[1] + row) * shape_[2];
        std::fill(first + begin, first + end, static_cast<std::uint32_t>(i + 1));
    });
    return result;
}

GROUNDGLASS_INLINE component bounding_box(const bit_mask& mask) {
    component box;
    for_each_run(mask, [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end) {
        box.voxels += end - begin;
        box.first = {std::min(box.first[0], slice), std::min(box.first[1], row),
                     std::min(box.first[2], begin)};
        box.last = {std::max(box.last[0], slice), std::max(box.last[1], row), std::max(box.last[2], end - 1)};
    });
    return box;
}

GROUNDGLASS_INLINE std::array<shape3, 2> with_margin(const component& box, const shape3& margin,
                                                     const shape3& shape) {
    std::array<shape3, 2> result{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        auto& first = result[0][axis];
        first = box.first[axis] - std::min(box.first[axis], margin[axis]);
        if (axis == 2) first -= first % bit_mask::bits;
        result[1][axis] =
            box.last[axis] + 1 + std::min(margin[axis], shape[axis] - box.last[axis] - 1) - first;
    }
    return result;
}

GROUNDGLASS_INLINE bit_mask largest_components(const bit_mask& mask, std::size_t k, connectivity neighbours) {
    const components found(mask, neighbours);
    std::vector<char> wanted(found.size());
    const auto order = found.by_size();
    for (std::size_t i = 0; i < std::min(k, order.size()); ++i) wanted[order[i]] = 1;
    return found.select([&](std::size_t i) { return wanted[i] != 0; });
}

GROUNDGLASS_INLINE bit_mask reconstruct(const bit_mask& seeds, const bit_mask& mask,
                                        connectivity neighbours) {
    const components found(mask, neighbours);
    std::vector<char> wanted(found.size());
    found.visit_runs(
        [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end, std::size_t i) {
            if (wanted[i] == 0 && count_in(seeds.row(slice, row), begin, end) > 0) wanted[i] = 1;
        });
    return found.select([&](std::size_t i) { return wanted[i] != 0; });
}

GROUNDGLASS_INLINE bit_mask fill_holes(const bit_mask& mask, bool in_slice, std::size_t largest) {
    const components gaps(~mask, in_slice ? connectivity::faces_in_slice : connectivity::faces);
    return mask | gaps.select([&](std::size_t i) {
        const auto& gap = gaps[i];
        if (gap.voxels > largest) return false;
        for (std::size_t axis = in_slice ? 1 : 0; axis < 3; ++axis)
            if (gap.first[axis] == 0 || gap.last[axis] + 1 == mask.shape()[axis]) return false;
        return true;
    });
}

} // namespace groundglass::volume
