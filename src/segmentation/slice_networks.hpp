#pragma once

#include <groundglass/segmentation/segmenter.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace groundglass::segmentation::detail {

/// Probabilities in a part of a slice, in the slice's own pixels, rows after rows.
struct slice_probabilities {
    std::vector<float> ground_glass;
    std::vector<float> consolidation;
};

/// Networks that tell ground glass and consolidation from one plane, and all that lies around them for one
/// slice.
class slice_networks {
public:
    /// Throws `model_error` when a model takes or gives something else.
    explicit slice_networks(std::vector<segmenter> models);

    [[nodiscard]] const std::vector<segmenter>& models() const { return models_; }

    /// The mean over the networks, in the part of the slice inside `box`. `window` says which values become
    /// the networks' range; without one, each contract's own window. Safe to call from many threads.
    template <class T>
    [[nodiscard]] slice_probabilities operator()(std::span<const T> slice, image_size size,
                                                 const pixel_box& box,
                                                 std::optional<value_range> window) const;

private:
    std::vector<segmenter> models_;
};

extern template slice_probabilities slice_networks::operator()(std::span<const std::int16_t>, image_size,
                                                               const pixel_box&,
                                                               std::optional<value_range>) const;
extern template slice_probabilities slice_networks::operator()(std::span<const std::uint8_t>, image_size,
                                                               const pixel_box&,
                                                               std::optional<value_range>) const;
extern template slice_probabilities slice_networks::operator()(std::span<const float>, image_size,
                                                               const pixel_box&,
                                                               std::optional<value_range>) const;

} // namespace groundglass::segmentation::detail
