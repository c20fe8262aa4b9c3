#pragma once

#include <groundglass/lungs/detail/fissure_surface.hpp>
#include <groundglass/lungs/detail/lobe_table.hpp>
#include <groundglass/lungs/detail/lung_frame.hpp>
#include <groundglass/volume/detail/weight_text.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

/// A small U-Net in three dimensions that sees a lung's shape on the cells of its box and tells, for each
/// cell, how far above the oblique and above the horizontal fissure it lies. Its weights are part of the
/// table.
namespace groundglass::lungs::detail {

/// Maps of equal size: channel, then height, depth, across.
struct feature_maps {
    std::size_t channels = 0;
    std::array<std::size_t, 3> shape{};
    std::vector<float> values;

    feature_maps(std::size_t n, const std::array<std::size_t, 3>& cells)
        : channels(n), shape(cells), values(n * cells[0] * cells[1] * cells[2]) {}
    [[nodiscard]] std::size_t cells() const { return shape[0] * shape[1] * shape[2]; }
    [[nodiscard]] std::span<float> map(std::size_t k) {
        return std::span(values).subspan(k * cells(), cells());
    }
    [[nodiscard]] std::span<const float> map(std::size_t k) const {
        return std::span(values).subspan(k * cells(), cells());
    }
};

/// The layers in the order of the table.
class lobe_layers {
public:
    lobe_layers() : weights_(lobe_table::weights, lobe_table::zero, lobe_table::left_out) {}

    /// 3 x 3 x 3 convolution, zeros beyond the borders; ReLU.
    [[nodiscard]] feature_maps convolved(const feature_maps& in, std::size_t outputs) {
        feature_maps out(outputs, in.shape);
        for (std::size_t o = 0; o < outputs; ++o) {
            const auto to = out.map(o);
            std::fill(to.begin(), to.end(), bias());
            const float step = this->step();
            for (std::size_t i = 0; i < in.channels; ++i)
                for (std::size_t tap = 0; tap < 27; ++tap)
                    add(in.map(i), in.shape, tap, step * weights_.next(), to);
            for (auto& value : to) value = std::max(value, 0.0F);
        }
        return out;
    }

    /// 1 x 1 x 1 convolution.
    [[nodiscard]] feature_maps mixed(const feature_maps& in, std::size_t outputs) {
        feature_maps out(outputs, in.shape);
        for (std::size_t o = 0; o < outputs; ++o) {
            const auto to = out.map(o);
            std::fill(to.begin(), to.end(), bias());
            const float step = this->step();
            for (std::size_t i = 0; i < in.channels; ++i) {
                const float weight = step * weights_.next();
                const auto from = in.map(i);
                for (std::size_t k = 0; k < to.size(); ++k) to[k] += weight * from[k];
            }
        }
        return out;
    }

private:
    [[nodiscard]] float bias() const { return lobe_table::biases[unit_]; }
    [[nodiscard]] float step() { return lobe_table::steps[unit_++]; }

    /// What one weight of 27 gives: cells shifted by -1, 0 or 1 along each axis.
    static void add(std::span<const float> from, const std::array<std::size_t, 3>& shape, std::size_t tap,
                    float weight, std::span<float> to) {
        if (weight == 0) return;
        const std::array<std::size_t, 3> shift{tap / 9, tap / 3 % 3, tap % 3};
        std::array<std::size_t, 3> first{}, last{};
        for (std::size_t axis = 0; axis < 3; ++axis) {
            first[axis] = shift[axis] == 0 ? 1 : 0;
            last[axis] = shape[axis] - (shift[axis] == 2 ? 1 : 0);
        }
        for (std::size_t z = first[0]; z < last[0]; ++z)
            for (std::size_t y = first[1]; y < last[1]; ++y) {
                float* target = to.data() + (z * shape[1] + y) * shape[2];
                const float* source = from.data() +
                                      ((z + shift[0] - 1) * shape[1] + y + shift[1] - 1) * shape[2] +
                                      shift[2] - 1;
                for (std::size_t x = first[2]; x < last[2]; ++x) target[x] += weight * source[x];
            }
    }

    volume::detail::weight_text weights_;
    std::size_t unit_ = 0;
};

/// Means of eight cells.
inline feature_maps halved(const feature_maps& in) {
    feature_maps out(in.channels, {in.shape[0] / 2, in.shape[1] / 2, in.shape[2] / 2});
    for (std::size_t k = 0; k < in.channels; ++k) {
        const auto from = in.map(k);
        const auto to = out.map(k);
        for (std::size_t z = 0; z < in.shape[0]; ++z)
            for (std::size_t y = 0; y < in.shape[1]; ++y)
                for (std::size_t x = 0; x < in.shape[2]; ++x)
                    to[((z / 2) * out.shape[1] + y / 2) * out.shape[2] + x / 2] +=
                        from[(z * in.shape[1] + y) * in.shape[2] + x] / 8;
    }
    return out;
}

/// The value of a map at a place in cells, linear between their centres, the outermost ones beyond.
inline float value_at(std::span<const float> map, const std::array<std::size_t, 3>& shape,
                      const std::array<double, 3>& cell) {
    std::array<std::size_t, 3> low{}, high{};
    std::array<float, 3> share{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const double x = std::clamp(cell[axis], 0.0, static_cast<double>(shape[axis] - 1));
        low[axis] = static_cast<std::size_t>(x);
        high[axis] = std::min(low[axis] + 1, shape[axis] - 1);
        share[axis] = static_cast<float>(x - static_cast<double>(low[axis]));
    }
    const auto along = [&](std::size_t z, std::size_t y) {
        const float* line = map.data() + (z * shape[1] + y) * shape[2];
        return line[low[2]] + share[2] * (line[high[2]] - line[low[2]]);
    };
    const auto plane = [&](std::size_t z) {
        const float first = along(z, low[1]);
        return first + share[1] * (along(z, high[1]) - first);
    };
    const float first = plane(low[0]);
    return first + share[0] * (plane(high[0]) - first);
}

/// The finer maps, and behind them the coarser ones at twice their size.
inline feature_maps joined(const feature_maps& finer, const feature_maps& coarser) {
    feature_maps out(finer.channels + coarser.channels, finer.shape);
    std::copy(finer.values.begin(), finer.values.end(), out.values.begin());
    for (std::size_t k = 0; k < coarser.channels; ++k) {
        auto to = out.map(finer.channels + k).begin();
        for (std::size_t z = 0; z < out.shape[0]; ++z)
            for (std::size_t y = 0; y < out.shape[1]; ++y)
                for (std::size_t x = 0; x < out.shape[2]; ++x)
                    *to++ = value_at(coarser.map(k), coarser.shape,
                                     {(static_cast<double>(z) - 0.5) / 2, (static_cast<double>(y) - 0.5) / 2,
                                      (static_cast<double>(x) - 0.5) / 2});
    }
    return out;
}

/// Where a cell's centre lies in its box, 0..1.
inline double centre_of(std::size_t cell, std::size_t cells) {
    return (static_cast<double>(cell) + 0.5) / static_cast<double>(cells);
}

/// What the network sees of a lung: filled shares of its box and of the other lung's, coordinates, the side.
inline feature_maps shape_maps(const lung_frame& frame, std::span<const double> own,
                               std::span<const double> other) {
    feature_maps maps(lobe_table::inputs, lobe_table::cells);
    std::copy(own.begin(), own.end(), maps.map(0).begin());
    std::copy(other.begin(), other.end(), maps.map(1).begin());
    const auto& shape = maps.shape;
    std::size_t k = 0;
    for (std::size_t z = 0; z < shape[0]; ++z) {
        const double slice = frame.low[0] + centre_of(z, shape[0]) * (frame.high[0] - frame.low[0]);
        const auto height = static_cast<float>(2 * frame.height(slice) - 1);
        for (std::size_t y = 0; y < shape[1]; ++y)
            for (std::size_t x = 0; x < shape[2]; ++x, ++k) {
                maps.map(2)[k] = static_cast<float>(2 * centre_of(x, shape[2]) - 1);
                maps.map(3)[k] = static_cast<float>(2 * centre_of(y, shape[1]) - 1);
                maps.map(4)[k] = height;
                maps.map(5)[k] = frame.mirrored() ? 1.0F : -1.0F;
            }
    }
    return maps;
}

/// How far above the oblique (0) and the horizontal (1) fissure each cell lies, as log odds.
inline feature_maps above_fissures(const feature_maps& seen) {
    const auto& widths = lobe_table::widths;
    lobe_layers layer;
    const auto fine = layer.convolved(seen, widths[0]);
    auto middle = layer.convolved(halved(fine), widths[1]);
    middle = layer.convolved(middle, widths[1]);
    auto coarse = layer.convolved(halved(middle), widths[2]);
    coarse = layer.convolved(coarse, widths[2]);
    const auto back = layer.convolved(joined(middle, coarse), widths[1]);
    auto result = layer.mixed(layer.convolved(joined(fine, back), widths[0]), 2);
    // The network adds to planes: height less depth, and height.
    for (std::size_t k = 0; k < result.cells(); ++k) {
        const float depth = seen.map(3)[k], height = seen.map(4)[k];
        result.map(0)[k] += lobe_table::plane * (height - depth) / 2;
        result.map(1)[k] += lobe_table::plane * height / 2;
    }
    return result;
}

/// The surface that parts what lies above from what lies below, as well as one ordinate can.
inline fissure_surface surface_between(std::span<const float> above, const lung_frame& frame,
                                       bool horizontal) {
    constexpr std::size_t steps = 161;
    constexpr float sure = 4;
    const double least = horizontal ? 0 : -1, step = (1 - least) / (steps - 1);
    fissure_surface result;
    result.horizontal = horizontal;
    for (std::size_t i = 0; i < fissure_surface::rows; ++i)
        for (std::size_t j = 0; j < fissure_surface::columns; ++j) {
            const double across = static_cast<double>(i) / (fissure_surface::rows - 1),
                         along = static_cast<double>(j) / (fissure_surface::columns - 1);
            // What speaks for a surface higher up, summed from below, is largest at the best one.
            double sum = 0, most = -std::numeric_limits<double>::infinity(), best = least;
            for (std::size_t k = 0; k < steps; ++k) {
                const double ordinate = least + step * static_cast<double>(k);
                const auto at = result.place(across, along, ordinate);
                if (at.depth < 0 || at.depth > 1 || at.height < 0 || at.height > 1) continue;
                if (sum > most) {
                    most = sum;
                    best = ordinate - step / 2;
                }
                const double slice = frame.slice(at.height);
                sum -= std::clamp(
                    value_at(
                        above, lobe_table::cells,
                        {(slice - frame.low[0]) / (frame.high[0] - frame.low[0]) * lobe_table::cells[0] - 0.5,
                         at.depth * lobe_table::cells[1] - 0.5, across * lobe_table::cells[2] - 0.5}),
                    -sure, sure);
                if (sum > most) {
                    most = sum;
                    best = ordinate + step / 2;
                }
            }
            result.ordinate[i * fissure_surface::columns + j] = best;
        }
    return result;
}

} // namespace groundglass::lungs::detail
