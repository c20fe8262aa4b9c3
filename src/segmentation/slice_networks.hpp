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
    /// `lesion_label` values; empty but in a published flow.
    std::vector<std::uint8_t> labels = {};
    /// Of other lung; empty where it is not asked for and of a model without that class. In a published flow
    /// 1 where it is the class of the largest plane, else 0.
    std::vector<float> lung = {};
};

/// The plane of a class; throws `model_error` where the model has none.
[[nodiscard]] std::size_t plane_of(const segmenter& model, const char* name);

/// The planes of ground glass and consolidation, with `lung` that of other lung too, mapped to the pixels of
/// `whole`, inside `box`.
[[nodiscard]] slice_probabilities crop_planes(const segmenter& model, std::span<const float> planes,
                                              image_size size, image_size whole, const pixel_box& box,
                                              bool lung);

/// A published flow's answer in the pixels of `whole`: for each, the class of the largest plane, the first of
/// equal ones, and both probabilities, each taken from one pixel of the planes.
[[nodiscard]] slice_probabilities largest_class(const segmenter& model, std::span<const float> planes,
                                                image_size size, image_size whole, bool lung);

/// Networks that tell ground glass and consolidation from one plane, and all that lies around them for one
/// slice.
class slice_networks {
public:
    /// Throws `model_error` when a model takes or gives something else. `as_published` says that its one
    /// model is used as 42-EPOCHS does; `long_edge` is that of `lesion_options`.
    explicit slice_networks(std::vector<segmenter> models, bool as_published = false,
                            std::size_t long_edge = 0);

    [[nodiscard]] const std::vector<segmenter>& models() const { return models_; }
    [[nodiscard]] std::size_t size() const { return models_.size(); }

    /// What one network says, in the part of the slice inside `box`. `window` says which values become its
    /// range; without one, the contract's own window. `lung` asks for other lung as well. Safe to call from
    /// many threads.
    template <class T>
    [[nodiscard]] slice_probabilities operator()(std::size_t index, std::span<const T> slice, image_size size,
                                                 const pixel_box& box, std::optional<value_range> window,
                                                 bool lung) const;

private:
    template <class T>
    [[nodiscard]] std::vector<float> four_class_image(const model_contract& contract,
                                                      std::span<const T> slice, image_size size,
                                                      std::optional<value_range> window) const;

    std::vector<segmenter> models_;
    bool as_published_;
    std::size_t long_edge_;
};

extern template slice_probabilities slice_networks::operator()(std::size_t, std::span<const std::int16_t>,
                                                               image_size, const pixel_box&,
                                                               std::optional<value_range>, bool) const;
extern template slice_probabilities slice_networks::operator()(std::size_t, std::span<const std::uint8_t>,
                                                               image_size, const pixel_box&,
                                                               std::optional<value_range>, bool) const;
extern template slice_probabilities slice_networks::operator()(std::size_t, std::span<const float>,
                                                               image_size, const pixel_box&,
                                                               std::optional<value_range>, bool) const;

} // namespace groundglass::segmentation::detail
