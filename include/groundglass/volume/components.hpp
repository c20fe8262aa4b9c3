#pragma once

#include <groundglass/volume/bit_mask.hpp>

#include <concepts>
#include <limits>
#include <numeric>

namespace groundglass::volume {

/// Which voxels count as neighbours. The `in_slice` kinds never look beyond a slice, so that each slice's
/// components stand for themselves.
enum class connectivity {
    faces,          ///< 6 neighbours
    all,            ///< 26 neighbours
    faces_in_slice, ///< 4 neighbours
    all_in_slice    ///< 8 neighbours
};

/// What is known of a component: its size and the smallest box around it, `[first, last]` on each axis.
struct component {
    std::size_t voxels = 0;
    shape3 first{std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max(),
                 std::numeric_limits<std::size_t>::max()};
    shape3 last{};

    friend bool operator==(const component&, const component&) = default;
};

/// The connected components of a mask, kept as runs of columns: the labels of the single voxels are never
/// stored. Components are numbered from 0 in the order of their first voxel.
///
/// One pass over the bits and a union-find over runs; 12 bytes a run, about 1 % of what an int32 label volume
/// takes for a thresholded chest CT's lungs and up to a fifth for its noise. Method: He, Chao, Suzuki, A
/// run-based two-scan labeling algorithm, IEEE Transactions on Image Processing 17 (2008) 749.
class components {
public:
    components(const bit_mask& mask, connectivity neighbours) : shape_(mask.shape()) {
        const bool in_slice =
            neighbours == connectivity::faces_in_slice || neighbours == connectivity::all_in_slice;
        const bool diagonal = neighbours == connectivity::all || neighbours == connectivity::all_in_slice;
        const std::size_t rows = shape_[1];
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

    [[nodiscard]] const shape3& shape() const { return shape_; }
    [[nodiscard]] std::size_t size() const { return list_.size(); }
    [[nodiscard]] bool empty() const { return list_.empty(); }
    [[nodiscard]] const component& operator[](std::size_t index) const { return list_[index]; }
    [[nodiscard]] auto begin() const { return list_.begin(); }
    [[nodiscard]] auto end() const { return list_.end(); }

    /// Calls `f(slice, row, begin, end, component)` for each run in storage order.
    template <class F>
    void visit_runs(F f) const {
        for (std::size_t at = 0; at + 1 < row_start_.size(); ++at)
            for (std::size_t i = row_start_[at]; i < row_start_[at + 1]; ++i)
                f(at / shape_[1], at % shape_[1], std::size_t{runs_[i].begin}, std::size_t{runs_[i].end},
                  std::size_t{label_[i]});
    }

    /// The numbers of the components, the largest first; equal sizes in the order of their numbers.
    [[nodiscard]] std::vector<std::size_t> by_size() const {
        std::vector<std::size_t> order(list_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return list_[a].voxels > list_[b].voxels; });
        return order;
    }

    /// The voxels of all components whose number `predicate(number)` accepts.
    template <class Predicate>
    requires std::predicate<Predicate, std::size_t>
    [[nodiscard]] bit_mask select(Predicate predicate) const {
        std::vector<char> wanted(list_.size());
        for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = predicate(i) ? 1 : 0;
        bit_mask result(shape_);
        visit_runs(
            [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end, std::size_t i) {
                if (wanted[i] != 0) result.set(slice, row, begin, end);
            });
        return result;
    }

    /// The voxels of one component.
    [[nodiscard]] bit_mask select(std::size_t number) const {
        return select([=](std::size_t i) { return i == number; });
    }

    /// The label of each voxel: 0 background, else the component's number plus 1.
    [[nodiscard]] array3<std::uint32_t> labels() const {
        auto result = make_array<std::uint32_t>(shape_);
        visit_runs(
            [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end, std::size_t i) {
                auto* first = flat(result).data() + (slice * shape_[1] + row) * shape_[2];
                std::fill(first + begin, first + end, static_cast<std::uint32_t>(i + 1));
            });
        return result;
    }

private:
    struct run {
        std::uint32_t begin;
        std::uint32_t end;
    };

    [[nodiscard]] std::uint32_t root(std::uint32_t i) {
        while (label_[i] != i) i = label_[i] = label_[label_[i]];
        return i;
    }

    /// Joins the runs of two rows that overlap, or with `diagonal` touch at a corner.
    void link(std::size_t row, std::size_t other, bool diagonal) {
        const std::uint32_t reach = diagonal ? 1 : 0;
        std::size_t a = row_start_[row];
        std::size_t b = row_start_[other];
        while (a < row_start_[row + 1] && b < row_start_[other + 1]) {
            if (runs_[a].begin < runs_[b].end + reach && runs_[b].begin < runs_[a].end + reach) {
                const std::uint32_t x = root(static_cast<std::uint32_t>(a));
                const std::uint32_t y = root(static_cast<std::uint32_t>(b));
                if (x != y) label_[std::max(x, y)] = std::min(x, y); // so a root is its component's first run
            }
            if (runs_[a].end < runs_[b].end)
                ++a;
            else
                ++b;
        }
    }

    /// Turns the forest into component numbers and gathers the sizes.
    void number() {
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

    shape3 shape_;
    std::vector<run> runs_;
    std::vector<std::uint32_t> label_;
    std::vector<std::size_t> row_start_;
    std::vector<component> list_;
};

/// The box around all of a mask, with its size; that of an empty mask has `first` beyond `last`.
[[nodiscard]] inline component bounding_box(const bit_mask& mask) {
    component box;
    for_each_run(mask, [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end) {
        box.voxels += end - begin;
        box.first = {std::min(box.first[0], slice), std::min(box.first[1], row),
                     std::min(box.first[2], begin)};
        box.last = {std::max(box.last[0], slice), std::max(box.last[1], row), std::max(box.last[2], end - 1)};
    });
    return box;
}

/// A component's box with `margin` voxels around it within a grid of `shape`, as its first voxel and its
/// shape. The first column is a multiple of 64, as `crop` of a mask asks for.
[[nodiscard]] inline std::array<shape3, 2> with_margin(const component& box, const shape3& margin,
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

/// The `k` largest components as one mask.
[[nodiscard]] inline bit_mask largest_components(const bit_mask& mask, std::size_t k,
                                                 connectivity neighbours = connectivity::faces) {
    const components found(mask, neighbours);
    std::vector<char> wanted(found.size());
    const auto order = found.by_size();
    for (std::size_t i = 0; i < std::min(k, order.size()); ++i) wanted[order[i]] = 1;
    return found.select([&](std::size_t i) { return wanted[i] != 0; });
}

/// The components of `mask` that share a voxel with `seeds`.
[[nodiscard]] inline bit_mask reconstruct(const bit_mask& seeds, const bit_mask& mask,
                                          connectivity neighbours = connectivity::faces) {
    const components found(mask, neighbours);
    std::vector<char> wanted(found.size());
    found.visit_runs(
        [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end, std::size_t i) {
            if (wanted[i] == 0 && count_in(seeds.row(slice, row), begin, end) > 0) wanted[i] = 1;
        });
    return found.select([&](std::size_t i) { return wanted[i] != 0; });
}

/// The mask with its holes filled: what is not set and not connected to the border of the grid over faces.
/// With `in_slice`, to the border of the slice. `largest` leaves holes of more voxels open.
[[nodiscard]] inline bit_mask fill_holes(const bit_mask& mask, bool in_slice = false,
                                         std::size_t largest = std::numeric_limits<std::size_t>::max()) {
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
