#pragma once

#include <groundglass/config.hpp>
#include <groundglass/segmentation/image_lesions.hpp>
#include <groundglass/segmentation/progress.hpp>
#include <groundglass/segmentation/segmenter.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace groundglass::segmentation {

struct GROUNDGLASS_EXPORT ensemble_options {
    /// One or more model files; the probabilities of several are averaged.
    std::vector<std::filesystem::path> models;
    /// Slices computed at a time, each on one thread; 0 means one for each core the process may use.
    int threads = 0;
    /// See `segmenter_options`.
    bool bfloat16 = false;
    /// A voxel is a lesion where the probabilities of ground glass and consolidation add up to this, 0 < t
    /// <= 1.
    double threshold = 0.5;
    /// The probabilities of a slice are averaged with those of slices up to this far away, 0 to 20 mm; 0
    /// takes each slice for itself. A lesion is seen in several thin slices, a false one often in one or two:
    /// on 2 mm slices and with the bundled weights, 0, 2.5 and 4.5 mm find opacity in 0.22, 0.06 and 0.008 %
    /// of a healthy study's lungs, in 2.46, 2.33 and 2.25 % of a COVID-19 study's, and agree with the
    /// radiologists on its slices with an AUC of 0.84, 0.87 and 0.87.
    double average_mm = 4.5;
    /// Connected lesions (26 neighbours, both classes together) smaller than this, in ml, are dropped. What
    /// is left in healthy lungs is mostly below; it is a cube of 4 mm.
    double minimum_lesion_ml = 0.05;
    /// Ways in which each model looks at a slice, whose answers are averaged: 1 as it is, 2 also mirrored
    /// left to right, 4 all flips, 8 all flips and quarter turns. Costs that many times the networks' time; a
    /// network that was trained with flips and turns gains a little, and its answer no longer depends on how
    /// the patient lay.
    int views = 1;
    /// Keeps both probabilities of each lung voxel, one byte each.
    bool keep_probabilities = false;
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
/// Cost: the network's time for each slice with lung, times `views`. Slices run in parallel on one thread
/// each, which on a CPU beats several threads inside the operators; LibTorch's own settings in other threads
/// are not touched. Memory: the lesion map (a byte a voxel; three with probabilities; one more for a
/// calibration) and a few slices per thread, whatever the number of slices.
class GROUNDGLASS_EXPORT ensemble : public pipeable {
public:
    /// Loads the models. Throws `std::invalid_argument` for an option out of range, `model_error` for a model
    /// that cannot be used (see `segmenter`) or does not map one plane to ground glass and consolidation.
    /// `as_published` takes one model, and a four-class network of 42-EPOCHS.
    explicit ensemble(const ensemble_options& options);

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
