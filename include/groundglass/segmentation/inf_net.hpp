#pragma once

#include <groundglass/config.hpp>
#include <groundglass/segmentation/image_lesions.hpp>
#include <groundglass/segmentation/lesion_options.hpp>
#include <groundglass/segmentation/progress.hpp>
#include <groundglass/segmentation/segmenter.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

namespace groundglass::segmentation {

struct GROUNDGLASS_EXPORT inf_net_options : lesion_options {
    /// The first network's file: three planes to infection (`imagenet_rgb` in its contract).
    std::filesystem::path infection;
    /// The second network's: the picture and its infection map to ground glass, consolidation and background
    /// (`imagenet_bgr_with_infection`).
    std::filesystem::path multi_class;
    /// HU that become grey 0 to 255: the networks were trained on pictures, with a lung window.
    value_range window_hu{-1350, 150};
    /// Follows the published programs to the letter: every slice, whole, stretched from its least to its
    /// greatest value to 8 bits; resized for the first network as Pillow does it and for the second as
    /// OpenCV; the infection map stretched in the same way to an 8-bit picture; the class of the largest
    /// answer, mapped back pixel by pixel, with no lung mask and no threshold. The map is not written to a
    /// picture that stretches its labels and read back, which turns slices without lesion into ground glass.
    /// `average_mm` and `minimum_lesion_ml` must be 0, `views` 1. See `compatible`.
    bool as_published = false;

    /// The options that reproduce the published flow.
    [[nodiscard]] static inf_net_options compatible(std::filesystem::path infection,
                                                    std::filesystem::path multi_class);

    friend bool operator==(const inf_net_options&, const inf_net_options&) = default;
};

/// The stage from a CT with lungs to ground glass and consolidation by Inf-Net's two networks (Fan et al.,
/// "Inf-Net: Automatic COVID-19 Lung Infection Segmentation from CT Images", IEEE TMI 2020).
///
/// Each slice that has lung in it is cropped to the lungs, as the published pictures were by hand, windowed,
/// and resized (antialiased) to the size in the contract. The first network gives the probability of
/// infection. It goes as it is, with no stretching from slice to slice, into the second network beside the
/// picture. The three answers of that, independent of one another, become probabilities by division by their
/// sum. They are mapped back to the CT's grid, averaged over close slices and thresholded inside the lungs,
/// as `ensemble` does it.
///
/// The calibration of the second network's contract, where it holds one, counts as that of `ensemble`'s
/// models.
///
/// Cost: both networks' time for each slice with lung, times `views`. Threads and memory are those of
/// `ensemble`.
class GROUNDGLASS_EXPORT inf_net : public pipeable {
public:
    using takes = volume::lung_ct;
    using gives = volume::lesion_ct;

    /// Loads both models. Throws `std::invalid_argument` for an option out of range, `model_error` for a
    /// model that cannot be used (see `segmenter`) or is not the network that belongs in its place.
    explicit inf_net(const inf_net_options& options);

    /// The same with options beside the names.
    inf_net(std::filesystem::path infection, std::filesystem::path multi_class,
            const lesion_options& options);

    [[nodiscard]] const inf_net_options& options() const;
    [[nodiscard]] const segmenter& infection() const;
    [[nodiscard]] const segmenter& multi_class() const;

    /// Throws `model_error` when a network fails.
    [[nodiscard]] volume::lesion_ct operator()(const volume::lung_ct& lungs) const { return run(lungs); }

    /// The same with news of the progress. Throws `cancelled` when `progress` returns false, and what
    /// `progress` throws.
    [[nodiscard]] volume::lesion_ct run(const volume::lung_ct& lungs,
                                        const progress_function& progress = {}) const;

    /// Probabilities and labels of one 8-bit slice as a picture shows it, 0 black and 255 white;
    /// `as_published` the probabilities are the second network's own answers, which need not add up to 1. The
    /// whole picture is taken: there is no lung mask, and nothing is dropped. Runs on the calling thread and
    /// as many more as LibTorch is set to.
    [[nodiscard]] image_lesions find_in_image(std::span<const std::uint8_t> grey, image_size size) const;

    /// The same of one slice in HU, or in any values of which `window` is shown; without one, of
    /// `options().window_hu`, or `as_published` from the least to the greatest.
    [[nodiscard]] image_lesions find_in_image(std::span<const float> values, image_size size,
                                              std::optional<value_range> window = {}) const;

    /// The probabilities alone.
    [[nodiscard]] array3<float> segment_image(std::span<const std::uint8_t> grey, image_size size) const;
    [[nodiscard]] array3<float> segment_image(std::span<const float> values, image_size size,
                                              std::optional<value_range> window = {}) const;

    /// Two are equal when their options are.
    friend bool operator==(const inf_net& a, const inf_net& b) { return a.options() == b.options(); }

private:
    struct impl;
    std::shared_ptr<const impl> impl_;
};

} // namespace groundglass::segmentation
