#pragma once

#include <groundglass/array.hpp>
#include <groundglass/segmentation/model_contract.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/resample.hpp>

#include <cstddef>
#include <span>

namespace groundglass::segmentation::detail {

/// The cells along the axes on which a network sees a CT: its own step, the CT's middle.
class lung_grid {
public:
    lung_grid(const volume::geometry& ct, const slice_stack_input& input);

    [[nodiscard]] shape3 shape() const { return to_.target(); }
    /// From the CT to these cells, and from them to the CT.
    [[nodiscard]] const volume::volume_weights& to() const { return to_; }
    [[nodiscard]] const volume::volume_weights& back() const { return back_; }

private:
    volume::volume_weights to_;
    volume::volume_weights back_;
};

/// A part of an axis that may reach beyond both of its ends.
struct canvas_edge {
    std::ptrdiff_t first = 0;
    std::size_t count = 0;

    friend bool operator==(const canvas_edge&, const canvas_edge&) = default;
};

/// The rectangle of each slice that a network sees.
struct canvas {
    canvas_edge rows;
    canvas_edge columns;

    [[nodiscard]] image_size size() const { return {rows.count, columns.count}; }
};

/// The body in a CT on the network's cells. A row or column belongs to it where what is above -400 HU comes
/// to 20 mm or more in the mean over the slices; from its first to its last, 8 mm more on each side, grown to
/// a multiple of `multiple_of` (the odd pixel at the far end) and cut to 224 pixels about its middle. Without
/// any body it is the whole slice.
[[nodiscard]] canvas body_canvas(const array3<float>& hounsfield, double pixel_mm, std::size_t multiple_of);

/// The planes that a network takes for a slice: the neighbours that the contract names, the end slice beyond
/// the ends, in the contract's range; air beyond the grid. `planes` takes channels x canvas values.
void stack_planes(const array3<float>& hounsfield, const model_contract& contract, const canvas& area,
                  std::size_t slice, std::span<float> planes);

/// Puts a plane of the canvas' size back into a slice of `size`; what the canvas does not reach stays.
void put_back(std::span<const float> plane, const canvas& area, std::span<float> slice, image_size size);

} // namespace groundglass::segmentation::detail
