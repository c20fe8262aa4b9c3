#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/label_map.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace groundglass::lungs::detail {

/// Where shares of a whole that grow from face to face, of voxel `k` at `k - 1/2` and `k + 1/2`, reach
/// `share`.
inline double face_at(const std::vector<double>& below, double share) {
    const auto next = std::upper_bound(below.begin(), below.end(), share);
    if (next == below.begin()) return -0.5;
    if (next == below.end()) return static_cast<double>(below.size()) - 1.5;
    const auto k = static_cast<std::size_t>(next - below.begin());
    return static_cast<double>(k) - 1.5 + (share - below[k - 1]) / (below[k] - below[k - 1]);
}

/// The growing shares at a place in voxels.
inline double share_at(const std::vector<double>& below, double voxel) {
    const double face = voxel + 0.5;
    if (face <= 0) return below.front();
    const auto k = volume::whole_up_to(face, below.size() - 1);
    if (k + 1 >= below.size()) return below.back();
    return below[k] + (face - static_cast<double>(k)) * (below[k + 1] - below[k]);
}

/// One lung with coordinates of its own: `across` from the middle of the body outwards and `depth` from front
/// to back as shares of its box, beyond which lies a small part of its volume, and `height`, the share of its
/// volume that lies below.
struct lung_frame {
    volume::lung_label side{};
    std::size_t voxels = 0;
    std::array<std::vector<double>, 3> below; ///< for each axis
    volume::vector3 low{}, high{};            ///< the box, in voxels
    std::vector<double> areas;                ///< voxels in each slice

    [[nodiscard]] bool mirrored() const { return side == volume::lung_label::right; }
    [[nodiscard]] double across(double column) const {
        const double share = (column - low[2]) / (high[2] - low[2]);
        return mirrored() ? 1 - share : share;
    }
    [[nodiscard]] double depth(double row) const { return (row - low[1]) / (high[1] - low[1]); }
    [[nodiscard]] double height(double slice) const { return share_at(below[0], slice); }
    [[nodiscard]] double column(double across) const {
        return low[2] + (mirrored() ? 1 - across : across) * (high[2] - low[2]);
    }
    [[nodiscard]] double row(double depth) const { return low[1] + depth * (high[1] - low[1]); }
    [[nodiscard]] double slice(double height) const { return face_at(below[0], height); }

    static lung_frame of(const array3<std::uint8_t>& lungs, volume::lung_label side, double outside_share) {
        lung_frame result;
        result.side = side;
        const auto shape = shape_of(lungs);
        std::array<std::vector<std::size_t>, 3> counts;
        for (std::size_t axis = 0; axis < 3; ++axis) counts[axis].resize(shape[axis]);
        const auto value = static_cast<std::uint8_t>(side);
        for (std::size_t s = 0; s < shape[0]; ++s) {
            const auto voxels = slice_of(lungs, s);
            for (std::size_t r = 0; r < shape[1]; ++r) {
                std::size_t here = 0;
                for (std::size_t c = 0; c < shape[2]; ++c) {
                    const std::size_t is = voxels[r * shape[2] + c] == value;
                    here += is;
                    counts[2][c] += is;
                }
                counts[1][r] += here;
                counts[0][s] += here;
            }
        }
        for (const auto n : counts[0]) {
            result.voxels += n;
            result.areas.push_back(static_cast<double>(n));
        }
        for (std::size_t axis = 0; axis < 3; ++axis) {
            auto& below = result.below[axis];
            std::size_t sum = 0;
            below.push_back(0);
            for (const auto n : counts[axis]) {
                sum += n;
                below.push_back(static_cast<double>(sum) /
                                static_cast<double>(std::max<std::size_t>(result.voxels, 1)));
            }
            result.low[axis] = face_at(below, outside_share);
            result.high[axis] = face_at(below, 1 - outside_share);
        }
        return result;
    }
};

/// Sums of lines of `n` steps, each of `width` numbers, over equal parts between two faces.
inline std::vector<double> part_sums(const std::vector<double>& lines, std::size_t n, std::size_t width,
                                     double low, double high, std::size_t parts, bool backwards) {
    const std::size_t count = lines.size() / (n * width);
    std::vector<double> result(count * parts * width);
    for (std::size_t part = 0; part < parts; ++part) {
        const double step = (high - low) / static_cast<double>(parts);
        const double from = low + step * static_cast<double>(part) + 0.5, to = from + step;
        const std::size_t first = volume::whole_up_to(from, n),
                          end = std::min(n, volume::whole_up_to(to, n) + 1);
        const std::size_t place = backwards ? parts - 1 - part : part;
        for (std::size_t k = first; k < end; ++k) {
            const double cover =
                std::min(to, static_cast<double>(k + 1)) - std::max(from, static_cast<double>(k));
            if (cover <= 0) continue;
            for (std::size_t line = 0; line < count; ++line)
                for (std::size_t i = 0; i < width; ++i)
                    result[(line * parts + place) * width + i] += cover * lines[(line * n + k) * width + i];
        }
    }
    return result;
}

/// The filled share of each cell of the lung's box: height, depth, across.
inline std::vector<double> outline_of(const array3<std::uint8_t>& lungs, const lung_frame& frame,
                                      const std::array<std::size_t, 3>& cells) {
    const auto shape = shape_of(lungs);
    const auto value = static_cast<std::uint8_t>(frame.side);
    std::vector<double> slices;
    std::vector<double> plane(shape[1] * shape[2]);
    for (std::size_t s = 0; s < shape[0]; ++s) {
        if (frame.areas[s] == 0) {
            slices.resize(slices.size() + cells[1] * cells[2]);
            continue;
        }
        const auto voxels = slice_of(lungs, s);
        std::transform(voxels.begin(), voxels.end(), plane.begin(),
                       [=](std::uint8_t label) { return label == value ? 1.0 : 0.0; });
        const auto rows = part_sums(plane, shape[1], shape[2], frame.low[1], frame.high[1], cells[1], false);
        const auto both =
            part_sums(rows, shape[2], 1, frame.low[2], frame.high[2], cells[2], frame.mirrored());
        slices.insert(slices.end(), both.begin(), both.end());
    }
    auto result =
        part_sums(slices, shape[0], cells[1] * cells[2], frame.low[0], frame.high[0], cells[0], false);
    double cell = 1;
    for (std::size_t axis = 0; axis < 3; ++axis)
        cell *= (frame.high[axis] - frame.low[axis]) / static_cast<double>(cells[axis]);
    for (auto& share : result) share /= cell;
    return result;
}

} // namespace groundglass::lungs::detail
