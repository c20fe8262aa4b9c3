#pragma once

#include <groundglass/lungs/detail/fissure_surface.hpp>
#include <groundglass/lungs/detail/lung_frame.hpp>
#include <groundglass/volume/ct_volume.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace groundglass::lungs::detail {

/// The CT around a surface: HU at steps off each node along the ordinate. The net of nodes is what the
/// surface is flattened to, so a fissure lies across the steps whatever its course.
class flattened_ct {
public:
    static constexpr std::size_t rows = fissure_surface::rows, columns = fissure_surface::columns;
    static constexpr double step_mm = 0.75;
    static constexpr int reach = 24; ///< steps to either side: 18 mm
    static constexpr std::size_t depth = 2 * reach + 1;
    /// Outside of the lung.
    static constexpr float nothing = -2000;

    flattened_ct(const volume::ct_volume& ct, const array3<std::uint8_t>& lungs, const lung_frame& frame,
                 const fissure_surface& surface, const std::function<bool(const lung_place&)>& belongs)
        : values_(rows * columns * depth, nothing), step_(rows * columns), inside_(rows * columns) {
        const auto& spacing = ct.grid().spacing_mm;
        for (std::size_t i = 0; i < rows; ++i)
            for (std::size_t j = 0; j < columns; ++j) {
                const double across = static_cast<double>(i) / (rows - 1),
                             along = static_cast<double>(j) / (columns - 1);
                const std::size_t node = i * columns + j;
                const double on = surface.ordinate[node];
                const auto voxel = [&](double ordinate) {
                    const auto at = surface.place(across, along, ordinate);
                    return volume::vector3{frame.slice(at.height), frame.row(at.depth),
                                           frame.column(at.across)};
                };
                const auto before = voxel(on - 0.02), after = voxel(on + 0.02);
                double square = 0;
                for (std::size_t axis = 0; axis < 3; ++axis) {
                    const double d = (after[axis] - before[axis]) * spacing[axis];
                    square += d * d;
                }
                const double mm = std::sqrt(square) / 0.04; // of one unit of the ordinate
                if (!(mm > 1)) continue;
                step_[node] = step_mm / mm;
                const auto place = surface.place(across, along, on);
                inside_[node] = is_lung(lungs, frame, voxel(on)) && belongs(place);
                if (!inside_[node]) continue;
                for (int k = -reach; k <= reach; ++k) {
                    const auto at = voxel(on + k * step_[node]);
                    if (is_lung(lungs, frame, at))
                        values_[node * depth + static_cast<std::size_t>(k + reach)] = sample(ct, at);
                }
            }
    }

    [[nodiscard]] const float* line(std::size_t node) const { return values_.data() + node * depth; }
    /// Whether the surface itself lies in the lung here.
    [[nodiscard]] bool inside(std::size_t node) const { return inside_[node] != 0; }
    /// The ordinate of one step.
    [[nodiscard]] double step(std::size_t node) const { return step_[node]; }

private:
    static bool is_lung(const array3<std::uint8_t>& lungs, const lung_frame& frame,
                        const volume::vector3& at) {
        const auto shape = shape_of(lungs);
        std::array<std::size_t, 3> index{};
        for (std::size_t axis = 0; axis < 3; ++axis) {
            if (!(at[axis] > -0.5) || at[axis] >= static_cast<double>(shape[axis]) - 0.5) return false;
            index[axis] = static_cast<std::size_t>(std::lround(at[axis]));
        }
        return lungs(index[0], index[1], index[2]) == static_cast<std::uint8_t>(frame.side);
    }

    static float sample(const volume::ct_volume& ct, const volume::vector3& at) {
        const auto& shape = ct.grid().shape;
        std::array<std::size_t, 3> low{}, high{};
        std::array<double, 3> share{};
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const double x = std::clamp(at[axis], 0.0, static_cast<double>(shape[axis] - 1));
            low[axis] = static_cast<std::size_t>(x);
            high[axis] = std::min(low[axis] + 1, shape[axis] - 1);
            share[axis] = x - static_cast<double>(low[axis]);
        }
        const auto& hu = ct.hounsfield();
        const auto line = [&](std::size_t s, std::size_t r) {
            return (1 - share[2]) * hu(s, r, low[2]) + share[2] * hu(s, r, high[2]);
        };
        const auto plane = [&](std::size_t s) {
            return (1 - share[1]) * line(s, low[1]) + share[1] * line(s, high[1]);
        };
        return static_cast<float>((1 - share[0]) * plane(low[0]) + share[0] * plane(high[0]));
    }

    std::vector<float> values_;
    std::vector<double> step_;
    std::vector<std::uint8_t> inside_;
};

/// How much brighter each place is than both places 3 mm off along the line, in HU, limited to 30: a vessel
/// counts no more than a fissure. Lesions and the lung's rim say nothing.
inline std::vector<float> ridges(const flattened_ct& flat) {
    constexpr int gap = 4;
    constexpr float limit = 30, dense = -500;
    std::vector<float> result(flattened_ct::rows * flattened_ct::columns * flattened_ct::depth, 0.0F);
    for (std::size_t node = 0; node < flattened_ct::rows * flattened_ct::columns; ++node) {
        if (!flat.inside(node)) continue;
        const float* hu = flat.line(node);
        for (std::size_t k = gap; k + gap < flattened_ct::depth; ++k) {
            const float side = std::max(hu[k - gap], hu[k + gap]);
            if (std::min({hu[k - gap], hu[k], hu[k + gap]}) == flattened_ct::nothing || side > dense)
                continue;
            result[node * flattened_ct::depth + k] = std::clamp(hu[k] - side, -limit, limit);
        }
    }
    return result;
}

/// The mean of `values` over sheets of 7 x 7 nodes through each place, of the tilt that has the most: a
/// vessel crosses few nodes of any sheet.
inline std::vector<float> sheetness(const std::vector<float>& values) {
    constexpr auto rows = static_cast<int>(flattened_ct::rows),
                   columns = static_cast<int>(flattened_ct::columns),
                   depth = static_cast<int>(flattened_ct::depth);
    const auto mean_along = [&](const std::vector<float>& from, bool down, int tilt) {
        std::vector<float> to(from.size(), 0.0F);
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < columns; ++j)
                for (int o = -3; o <= 3; ++o) {
                    const int p = down ? i + o : i, q = down ? j : j + o;
                    if (p < 0 || q < 0 || p >= rows || q >= columns) continue;
                    const float* source =
                        from.data() + static_cast<std::size_t>(p * columns + q) * flattened_ct::depth;
                    float* target =
                        to.data() + static_cast<std::size_t>(i * columns + j) * flattened_ct::depth;
                    const int shift = tilt * o;
                    for (int k = std::max(0, -shift); k < std::min(depth, depth - shift); ++k)
                        target[k] += source[k + shift] / 7;
                }
        return to;
    };
    std::vector<float> result(values.size(), -std::numeric_limits<float>::infinity());
    for (int a = -1; a <= 1; ++a) {
        const auto half = mean_along(values, true, a);
        for (int b = -1; b <= 1; ++b) {
            const auto both = mean_along(half, false, b);
            for (std::size_t n = 0; n < both.size(); ++n) result[n] = std::max(result[n], both[n]);
        }
    }
    return result;
}

/// The step at each node that gains most with its neighbours: gains are added up along the net's lines in
/// four directions, each jump between neighbours having its price. Method: Hirschmüller, Stereo processing by
/// semiglobal matching and mutual information, IEEE TPAMI 30 (2008) 328.
inline std::vector<int> coherent_steps(const std::vector<float>& gain, float price) {
    constexpr auto rows = static_cast<int>(flattened_ct::rows),
                   columns = static_cast<int>(flattened_ct::columns),
                   depth = static_cast<int>(flattened_ct::depth);
    std::vector<float> sum(gain.size(), 0.0F);
    std::vector<float> path(gain.size());
    for (const auto& [di, dj] : {std::pair{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
        for (int n = 0; n < rows * columns; ++n) {
            const int node = di + dj > 0 ? n : rows * columns - 1 - n;
            const int i = node / columns, j = node % columns, p = i - di, q = j - dj;
            const std::size_t start = static_cast<std::size_t>(node) * flattened_ct::depth;
            float* here = path.data() + start;
            const float* own = gain.data() + start;
            std::copy_n(own, depth, here);
            if (p >= 0 && q >= 0 && p < rows && q < columns) {
                const float* last =
                    path.data() + static_cast<std::size_t>(p * columns + q) * flattened_ct::depth;
                const float best = *std::max_element(last, last + depth);
                for (int k = 0; k < depth; ++k) {
                    float from = std::max(last[k], best - 4 * price);
                    if (k > 0) from = std::max(from, last[k - 1] - price);
                    if (k + 1 < depth) from = std::max(from, last[k + 1] - price);
                    here[k] += from - best;
                }
            }
            std::transform(here, here + depth, sum.data() + start, sum.data() + start, std::plus<>{});
        }
    }
    std::vector<int> result;
    for (std::size_t start = 0; start < sum.size(); start += flattened_ct::depth) {
        const float* here = sum.data() + start;
        result.push_back(static_cast<int>(std::max_element(here, here + depth) - here));
    }
    return result;
}

/// Forgets what is seen in small patches, where noise and vessels happen to line up: fewer nodes that hang
/// together, with a jump of two steps at most, than `least`.
inline void drop_patches(std::vector<std::uint8_t>& seen, const std::vector<int>& steps, std::size_t least) {
    constexpr std::size_t rows = flattened_ct::rows, columns = flattened_ct::columns;
    std::vector<std::uint8_t> open = seen;
    std::vector<std::size_t> patch;
    for (std::size_t start = 0; start < open.size(); ++start) {
        if (!open[start]) continue;
        open[start] = 0;
        patch.assign(1, start);
        for (std::size_t k = 0; k < patch.size(); ++k) {
            const std::size_t node = patch[k], i = node / columns, j = node % columns;
            const auto visit = [&](std::size_t other) {
                if (!open[other] || std::abs(steps[other] - steps[node]) > 2) return;
                open[other] = 0;
                patch.push_back(other);
            };
            if (i > 0) visit(node - columns);
            if (i + 1 < rows) visit(node + columns);
            if (j > 0) visit(node - 1);
            if (j + 1 < columns) visit(node + 1);
        }
        if (patch.size() < least)
            for (const auto node : patch) seen[node] = 0;
    }
}

/// Steps where they are known, drawn on smoothly and slowly back to 0 where they are not.
inline std::vector<double> carried_on(const std::vector<int>& steps, const std::vector<std::uint8_t>& known) {
    constexpr std::size_t rows = flattened_ct::rows, columns = flattened_ct::columns;
    constexpr double stiffness = 1.5, home = 0.002;
    std::vector<double> result(rows * columns);
    for (int round = 0; round < 200; ++round)
        for (std::size_t i = 0; i < rows; ++i)
            for (std::size_t j = 0; j < columns; ++j) {
                const std::size_t node = i * columns + j;
                double sum = 0, weight = home;
                const auto from = [&](std::size_t other) {
                    sum += stiffness * result[other];
                    weight += stiffness;
                };
                if (i > 0) from(node - columns);
                if (i + 1 < rows) from(node + columns);
                if (j > 0) from(node - 1);
                if (j + 1 < columns) from(node + 1);
                if (known[node]) {
                    sum += static_cast<double>(steps[node] - flattened_ct::reach);
                    weight += 1;
                }
                result[node] = sum / weight;
            }
    return result;
}

/// Draws a surface to the fissure where the CT shows one, and gives the share of its area in the lung where
/// it does. `spread_mm` is how far off the surface is likely to be; `belongs` tells which places are of the
/// fissure.
inline double draw_to_fissure(fissure_surface& surface, const volume::ct_volume& ct,
                              const array3<std::uint8_t>& lungs, const lung_frame& frame, double spread_mm,
                              const std::function<bool(const lung_place&)>& belongs) {
    // Noise alone reaches this in few places: the 90th percentile where nothing is, of a phantom's standard
    // kernel.
    constexpr float least = 8;
    constexpr float price = 6;
    constexpr std::size_t smallest_patch = 80; // some 5 cm²
    const flattened_ct flat(ct, lungs, frame, surface, belongs);
    const auto sheets = sheetness(ridges(flat));
    auto gain = sheets;
    for (std::size_t n = 0; n < gain.size(); ++n) {
        const double off = (static_cast<double>(n % flattened_ct::depth) - flattened_ct::reach) *
                           flattened_ct::step_mm / spread_mm;
        gain[n] = flat.inside(n / flattened_ct::depth)
                      ? std::max(gain[n], 0.0F) - static_cast<float>(off * off)
                      : 0.0F;
    }
    const auto steps = coherent_steps(gain, price);
    std::vector<std::uint8_t> known(steps.size());
    std::size_t all = 0;
    for (std::size_t node = 0; node < steps.size(); ++node) {
        if (!flat.inside(node)) continue;
        ++all;
        known[node] = sheets[node * flattened_ct::depth + static_cast<std::size_t>(steps[node])] > least;
    }
    drop_patches(known, steps, smallest_patch);
    const auto seen = std::count(known.begin(), known.end(), std::uint8_t{1});
    const auto moved = carried_on(steps, known);
    for (std::size_t node = 0; node < steps.size(); ++node)
        surface.ordinate[node] += moved[node] * flat.step(node);
    return all == 0 ? 0 : static_cast<double>(seen) / static_cast<double>(all);
}

} // namespace groundglass::lungs::detail
