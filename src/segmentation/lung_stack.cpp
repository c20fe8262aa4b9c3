#include "lung_stack.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace groundglass::segmentation::detail {
namespace {

constexpr float body_hu = -400;
constexpr double body_mm = 20;
constexpr double margin_mm = 8;
constexpr std::size_t largest_canvas = 224;
/// What a grid with a spacing that no CT has may come to.
constexpr double longest_slice_axis_mm = 3000;
constexpr double longest_plane_axis_mm = 1000;

volume::cell_row cells_of(const volume::geometry& ct, std::size_t axis) {
    return {0, ct.spacing_mm[axis], ct.shape[axis]};
}

volume::cell_row asked_for(const volume::geometry& ct, const slice_stack_input& input, std::size_t axis) {
    const double step = axis == 0 ? input.slice_mm : input.pixel_mm;
    const double longest = axis == 0 ? longest_slice_axis_mm : longest_plane_axis_mm;
    return volume::centred_cells(cells_of(ct, axis), step,
                                 std::max<std::size_t>(1, volume::whole_up_to(longest / step, 100'000)));
}

/// Half up, as the network's training counts.
std::ptrdiff_t rounded(double value) { return static_cast<std::ptrdiff_t>(std::floor(value + 0.5)); }

canvas_edge edge_of(const std::vector<double>& body, double pixel_mm, std::size_t multiple_of) {
    const auto is_body = [](double mm) { return mm >= body_mm; };
    const auto found = std::find_if(body.begin(), body.end(), is_body);
    std::ptrdiff_t first = 0;
    auto last = static_cast<std::ptrdiff_t>(body.size()) - 1;
    if (found != body.end()) {
        first = found - body.begin();
        last = last - (std::find_if(body.rbegin(), body.rend(), is_body) - body.rbegin());
    }
    const auto margin = rounded(margin_mm / pixel_mm);
    first -= margin;
    last += margin;
    const auto size = static_cast<std::size_t>(last - first + 1);
    const std::size_t most = std::max(multiple_of, largest_canvas / multiple_of * multiple_of);
    if (size > most) return {first + static_cast<std::ptrdiff_t>((size - most) / 2), most};
    const std::size_t grown = round_up(size, multiple_of);
    return {first - static_cast<std::ptrdiff_t>((grown - size) / 2), grown};
}

/// What of a canvas' edge lies within an axis of `size`: its first there and its count.
struct overlap {
    std::size_t first = 0;
    std::size_t count = 0;
    std::size_t on_canvas = 0;
};

overlap within(const canvas_edge& edge, std::size_t size) {
    const auto end =
        std::min(edge.first + static_cast<std::ptrdiff_t>(edge.count), static_cast<std::ptrdiff_t>(size));
    const auto begin = std::max<std::ptrdiff_t>(edge.first, 0);
    if (end <= begin) return {};
    return {static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin),
            static_cast<std::size_t>(begin - edge.first)};
}

} // namespace

lung_grid::lung_grid(const volume::geometry& ct, const slice_stack_input& input)
    : to_{volume::axis_weights::mean(cells_of(ct, 0), asked_for(ct, input, 0)),
          volume::axis_weights::mean(cells_of(ct, 1), asked_for(ct, input, 1)),
          volume::axis_weights::mean(cells_of(ct, 2), asked_for(ct, input, 2))},
      back_{volume::axis_weights::linear(asked_for(ct, input, 0), cells_of(ct, 0)),
            volume::axis_weights::linear(asked_for(ct, input, 1), cells_of(ct, 1)),
            volume::axis_weights::linear(asked_for(ct, input, 2), cells_of(ct, 2))} {}

canvas body_canvas(const array3<float>& hounsfield, double pixel_mm, std::size_t multiple_of) {
    const auto shape = shape_of(hounsfield);
    const double share = pixel_mm / static_cast<double>(shape[0]);
    std::vector<double> rows(shape[1]);
    std::vector<double> columns(shape[2]);
    for (std::size_t s = 0; s < shape[0]; ++s) {
        const float* value = slice_of(hounsfield, s).data();
        for (double& row : rows)
            for (double& column : columns)
                if (*value++ > body_hu) {
                    row += 1;
                    column += 1;
                }
    }
    for (auto* profile : {&rows, &columns})
        for (double& mm : *profile) mm *= share;
    return {edge_of(rows, pixel_mm, multiple_of), edge_of(columns, pixel_mm, multiple_of)};
}

void stack_planes(const array3<float>& hounsfield, const model_contract& contract, const canvas& area,
                  std::size_t slice, std::span<float> planes) {
    const auto shape = shape_of(hounsfield);
    const auto size = area.size();
    const auto rows = within(area.rows, shape[1]);
    const auto columns = within(area.columns, shape[2]);
    std::fill(planes.begin(), planes.end(), static_cast<float>(contract.range.low));
    const auto& stack = *contract.stack;
    for (std::size_t k = 0; k < stack.neighbours_mm.size(); ++k) {
        const auto at = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(slice) +
                                                       rounded(stack.neighbours_mm[k] / stack.slice_mm),
                                                   0, static_cast<std::ptrdiff_t>(shape[0]) - 1);
        const auto values = slice_of(hounsfield, static_cast<std::size_t>(at));
        const auto plane = planes.subspan(k * size.area(), size.area());
        for (std::size_t row = 0; row < rows.count; ++row)
            map_range(
                values, {shape[1], shape[2]}, {rows.first + row, columns.first, {1, columns.count}},
                contract.window_hu, contract.range,
                plane.subspan((rows.on_canvas + row) * size.columns + columns.on_canvas, columns.count));
    }
}

void put_back(std::span<const float> plane, const canvas& area, std::span<float> slice, image_size size) {
    const auto rows = within(area.rows, size.rows);
    const auto columns = within(area.columns, size.columns);
    for (std::size_t row = 0; row < rows.count; ++row)
        std::copy_n(plane.data() + (rows.on_canvas + row) * area.columns.count + columns.on_canvas,
                    columns.count, slice.data() + (rows.first + row) * size.columns + columns.first);
}

} // namespace groundglass::segmentation::detail
