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
#include <vector>

namespace groundglass::segmentation {

struct GROUNDGLASS_EXPORT ensemble_options : lesion_options {
    /// One or more model files; the probabilities of several are averaged.
    std::vector<std::filesystem::path> models;
    /// Follows 42-EPOCHS to the letter, for one of its four-class networks: every slice, whole, resized as
    /// OpenCV does it; the class of the largest probability, mapped back pixel by pixel, with no lung mask
    /// and no threshold. `average_mm` and `minimum_lesion_ml` must be 0, `views` 1. See `compatible`.
    bool as_published = false;

    /// The options that reproduce the published four-class flow.
    [[nodiscard]] static ensemble_options compatible(std::filesystem::path model);

    friend bool operator==(const ensemble_options&, const ensemble_options&) = default;
};

/// The stage from a CT with lungs to ground glass and consolidation: every axial slice through one or several
/// networks.
///
/// Each slice that has lung in it is cropped to its lungs, windowed and resized as the model's contract says;
/// the probabilities are mapped back to the CT's own grid, averaged over close slices and models, and
/// thresholded inside the lungs. A lesion has the class of the larger probability.
///
/// A four-class network of 42-EPOCHS (`percentile_z_score` in its contract) was trained on whole slices, so
/// it is given the whole slice, clipped and normalised by its own spread, at its own size; the rest is the
/// same.
///
/// Where the contracts of all models hold a calibration, the lesions are also found at each of its levels
/// (the mean of the models' thresholds), and dropped by the same rule when small: `lesion_ct::uncertainty`,
/// from which `involvement_uncertainty` makes intervals. With several models or views it also says how many
/// lesion voxels each of them finds by itself, slice by slice.
///
/// Notes: `segmented`, what was done; `device_fallback`, a warning, where CUDA was asked for or found and the
/// CPU had to take over; others on small lesions and unusual grids.
///
/// Cost: the network's time for each slice with lung, times `views`. Slices run in parallel on one thread
/// each, which on a CPU beats several threads inside the operators; LibTorch's own settings in other threads
/// are not touched. Memory: the lesion map (a byte a voxel; three with probabilities; one more for a
/// calibration) and a few slices per thread, whatever the number of slices.
class GROUNDGLASS_EXPORT ensemble : public pipeable {
public:
    using takes = volume::lung_ct;
    using gives = volume::lesion_ct;

    /// Loads the models. Throws `std::invalid_argument` for an option out of range, `model_error` for a model
    /// that cannot be used (see `segmenter`) or does not map one plane to ground glass and consolidation.
    /// `as_published` takes one model, and a four-class network of 42-EPOCHS.
    explicit ensemble(const ensemble_options& options);

    /// The same with options beside the names:
    /// `ensemble({"a.pt", "b.pt"}, {.threshold = 0.4})`.
    ensemble(std::vector<std::filesystem::path> models, const lesion_options& options);

    [[nodiscard]] const ensemble_options& options() const;
    /// Of each model, in the order of `options().models`.
    [[nodiscard]] const std::vector<segmenter>& models() const;

    /// Throws `model_error` when a network fails.
    [[nodiscard]] volume::lesion_ct operator()(const volume::lung_ct& lungs) const { return run(lungs); }

    /// The same with news of the progress. Throws `cancelled` when `progress` returns false, and what
    /// `progress` throws.
    [[nodiscard]] volume::lesion_ct run(const volume::lung_ct& lungs,
                                        const progress_function& progress = {}) const;

    /// Probabilities and labels of one 8-bit slice as a picture shows it. The whole picture is taken: there
    /// is no lung mask but that of the networks themselves, where all have one, and no lesion is dropped for
    /// its size. Runs on the calling thread and as many more as LibTorch is set to.
    [[nodiscard]] image_lesions find_in_image(std::span<const std::uint8_t> grey, image_size size) const;

    /// The same of one slice in HU, or in any values of which `window` is shown; without one, each model's
    /// own. A four-class network has none: it takes the values as they are, a window only clips them.
    [[nodiscard]] image_lesions find_in_image(std::span<const float> values, image_size size,
                                              std::optional<value_range> window = {}) const;

    /// The probabilities alone.
    [[nodiscard]] array3<float> segment_image(std::span<const std::uint8_t> grey, image_size size) const;
    [[nodiscard]] array3<float> segment_image(std::span<const float> values, image_size size,
                                              std::optional<value_range> window = {}) const;

    /// Two are equal when their options are.
    friend bool operator==(const ensemble& a, const ensemble& b) { return a.options() == b.options(); }

private:
    struct impl;
    std::shared_ptr<const impl> impl_;
};

} // namespace groundglass::segmentation
