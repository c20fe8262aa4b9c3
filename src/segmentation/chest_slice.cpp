#include "chest_slice_table.hpp"
#include <groundglass/segmentation/chest_slice.hpp>
#include <groundglass/volume/detail/weight_text.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::segmentation {
namespace {

namespace table = chest_slice_table;

/// Square maps of one size, one after the other.
struct maps {
    std::size_t count = 0;
    std::size_t side = 0;
    std::vector<float> values;
};

/// The layers in the order of the table.
class layers {
public:
    layers() : weights_(table::weights, table::zero, table::left_out) {}

    /// 3 x 3 convolution, zeros beyond the borders, every `stride`-th pixel; ReLU.
    [[nodiscard]] maps convolved(const maps& in, std::size_t count, std::size_t stride) {
        maps out{count, in.side / stride, {}};
        out.values.resize(count * out.side * out.side);
        for (std::size_t o = 0; o < count; ++o) {
            const std::span to(out.values.data() + o * out.side * out.side, out.side * out.side);
            std::fill(to.begin(), to.end(), table::biases[unit_]);
            const float step = table::steps[unit_++];
            for (std::size_t i = 0; i < in.count; ++i)
                for (std::size_t tap = 0; tap < 9; ++tap)
                    add(in.values.data() + i * in.side * in.side, in.side, tap, stride,
                        step * weights_.next(), to, out.side);
            for (auto& value : to) value = std::max(value, 0.0F);
        }
        return out;
    }

    /// The weighted sum of all maps and of the greatest value of each.
    [[nodiscard]] float mixed(const maps& in) {
        float sum = table::biases[unit_];
        const float step = table::steps[unit_++];
        for (const float value : in.values) sum += step * weights_.next() * value;
        const std::size_t area = in.side * in.side;
        for (std::size_t i = 0; i < in.count; ++i) {
            const auto* first = in.values.data() + i * area;
            sum += step * weights_.next() * *std::max_element(first, first + area);
        }
        return sum;
    }

private:
    static void add(const float* from, std::size_t side, std::size_t tap, std::size_t stride, float weight,
                    std::span<float> to, std::size_t to_side) {
        // Sides are even: a tap leaves the map on its left and upper border, and on the others at stride 1.
        const std::size_t down = tap / 3, right = tap % 3;
        const auto first = [](std::size_t shift) { return std::size_t{shift == 0}; };
        const auto last = [&](std::size_t shift) { return to_side - std::size_t{shift == 2 && stride == 1}; };
        for (std::size_t y = first(down); y < last(down); ++y) {
            const float* source = from + (y * stride + down - 1) * side;
            float* target = to.data() + y * to_side;
            for (std::size_t x = first(right); x < last(right); ++x)
                target[x] += weight * source[x * stride + right - 1];
        }
    }

    volume::detail::weight_text weights_;
    std::size_t unit_ = 0;
};

} // namespace

double chest_slice_probability(std::span<const std::uint8_t> grey, image_size size) {
    if (size.area() == 0 || grey.size() != size.area())
        throw std::invalid_argument("chest_slice_probability: " + std::to_string(grey.size()) +
                                    " values for a picture of " + std::to_string(size.rows) + " x " +
                                    std::to_string(size.columns));
    const std::vector<float> whole(grey.begin(), grey.end());
    maps now{1, table::side, std::vector<float>(table::side * table::side)};
    bilinear_resize(size, {table::side, table::side})(whole, now.values);
    for (auto& value : now.values) value = value / 127.5F - 1;
    layers network;
    for (const std::size_t count : table::widths) now = network.convolved(now, count, now.count == 1 ? 1 : 2);
    return 1 / (1 + std::exp(-static_cast<double>(network.mixed(now))));
}

} // namespace groundglass::segmentation
