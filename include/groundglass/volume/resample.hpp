#pragma once

#include <groundglass/array.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <vector>

// From one regular grid to another along the same axes, the weights of each axis computed once.

namespace groundglass::volume {

/// Cells of one length in a row along an axis, in mm.
struct cell_row {
    /// The edge where the first cell begins.
    double begin_mm = 0;
    double step_mm = 1;
    std::size_t count = 0;

    friend bool operator==(const cell_row&, const cell_row&) = default;

    [[nodiscard]] double end_mm() const { return begin_mm + step_mm * static_cast<double>(count); }
    [[nodiscard]] double centre_mm(double index) const { return begin_mm + step_mm * (index + 0.5); }
};

/// As many cells of `step_mm` as fit into `cells`, rounded, halves up, with the same middle. At least one, at
/// most `most`. Throws `std::invalid_argument` for a step that is not positive.
[[nodiscard]] cell_row centred_cells(const cell_row& cells, double step_mm, std::size_t most);

/// Which neighbouring cells of a source each cell of a target is the weighted mean of.
class axis_weights {
public:
    /// The mean over the target's cell where the source is finer, the linear interpolation between the
    /// centres of cells where it is coarser or as fine. Beyond the source's ends the end cell is repeated.
    /// Throws `std::invalid_argument` where a row is empty.
    [[nodiscard]] static axis_weights mean(const cell_row& source, const cell_row& target);
    /// The linear interpolation at the centres of the target's cells, whichever is finer.
    [[nodiscard]] static axis_weights linear(const cell_row& source, const cell_row& target);

    [[nodiscard]] std::size_t source() const { return source_; }
    [[nodiscard]] std::size_t target() const { return first_.size(); }
    [[nodiscard]] std::size_t taps() const { return taps_; }
    [[nodiscard]] std::size_t first(std::size_t target) const { return first_[target]; }
    /// `taps()` weights from source cell `first(target)` on, of sum 1.
    [[nodiscard]] std::span<const float> weights(std::size_t target) const {
        return std::span(weights_).subspan(target * taps_, taps_);
    }

private:
    struct cell {
        std::size_t first = 0;
        std::vector<double> weights;
    };
    axis_weights(std::size_t source, const std::vector<cell>& cells);
    static cell between_centres(const cell_row& source, double at_mm);

    std::size_t source_ = 0;
    std::size_t taps_ = 0;
    std::vector<std::size_t> first_;
    std::vector<float> weights_;
};

/// The weights of a volume's axes.
struct volume_weights {
    axis_weights slices;
    axis_weights rows;
    axis_weights columns;

    [[nodiscard]] shape3 source() const { return {slices.source(), rows.source(), columns.source()}; }
    [[nodiscard]] shape3 target() const { return {slices.target(), rows.target(), columns.target()}; }
};

/// One slice of the resampled volume: `result` takes its rows x columns. Any number of threads may compute
/// slices of one volume at a time. Throws `std::invalid_argument` where a shape is another. Cost: one pass
/// over the source slices that have a weight.
template <class T>
void resample_slice(const array3<T>& values, const volume_weights& weights, std::size_t slice,
                    std::span<float> result) {
    const auto [slices, rows, columns] = weights.target();
    const std::size_t width = weights.columns.source();
    if (shape_of(values) != weights.source() || slice >= slices || result.size() != rows * columns)
        throw std::invalid_argument("resample_slice: a shape is not that of the weights");
    std::vector<float> plane(weights.rows.source() * width);
    for (std::size_t k = 0; k < weights.slices.taps(); ++k) {
        const float weight = weights.slices.weights(slice)[k];
        if (weight == 0.0F) continue;
        const T* value = slice_of(values, weights.slices.first(slice) + k).data();
        for (std::size_t i = 0; i < plane.size(); ++i) plane[i] += weight * static_cast<float>(value[i]);
    }
    std::vector<float> line(width);
    for (std::size_t row = 0; row < rows; ++row) {
        std::fill(line.begin(), line.end(), 0.0F);
        for (std::size_t k = 0; k < weights.rows.taps(); ++k) {
            const float weight = weights.rows.weights(row)[k];
            if (weight == 0.0F) continue;
            const float* value = plane.data() + (weights.rows.first(row) + k) * width;
            for (std::size_t i = 0; i < width; ++i) line[i] += weight * value[i];
        }
        for (std::size_t column = 0; column < columns; ++column) {
            const float* value = line.data() + weights.columns.first(column);
            const auto weight = weights.columns.weights(column);
            float sum = 0;
            for (std::size_t k = 0; k < weight.size(); ++k) sum += weight[k] * value[k];
            result[row * columns + column] = sum;
        }
    }
}

} // namespace groundglass::volume

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/resample.hpp>
#endif
