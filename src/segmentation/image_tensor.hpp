#pragma once

#include <groundglass/error.hpp>
#include <groundglass/segmentation/preprocess.hpp>

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace groundglass::segmentation::detail {

/// `(1, 3, 352, 352)`.
[[nodiscard]] inline std::string shown(at::IntArrayRef shape) {
    std::string text;
    for (const auto edge : shape) text += (text.empty() ? "(" : ", ") + std::to_string(edge);
    return text.empty() ? "()" : text + ")";
}

[[nodiscard]] inline std::array<std::int64_t, 4> planes_shape(std::size_t planes, image_size size) {
    return {1, static_cast<std::int64_t>(planes), static_cast<std::int64_t>(size.rows),
            static_cast<std::int64_t>(size.columns)};
}

/// `channels` planes as a float32 tensor that shares their memory; the networks only read it.
[[nodiscard]] inline at::Tensor image_tensor(std::span<const float> image, std::size_t channels,
                                             image_size size) {
    // from_blob takes no pointer to const.
    return at::from_blob(const_cast<float*>(image.data()), planes_shape(channels, size), at::kFloat);
}

/// Copies what a network gave for an image. Throws `model_error` for another shape.
inline void take_planes(const at::Tensor& planes, const std::string& where, std::size_t channels,
                        image_size size, std::span<float> result, std::size_t classes) {
    const auto wanted = planes_shape(classes, size);
    if (planes.sizes() != at::IntArrayRef(wanted))
        throw model_error(where + ": for an image of shape " + shown(planes_shape(channels, size)) +
                          " the model gives " + shown(planes.sizes()) +
                          ", and by its contract it should give " + shown(wanted) +
                          "; export it with the contract that belongs to it");
    at::from_blob(result.data(), wanted, at::kFloat).copy_(planes);
}

} // namespace groundglass::segmentation::detail
