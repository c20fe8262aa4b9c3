#pragma once

#include <groundglass/config.hpp>
#include <groundglass/segmentation/preprocess.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groundglass::segmentation {

/// How a slice becomes what a network takes.
enum class normalisation : std::uint8_t {
    /// `window_hu` becomes `range`: the networks made for groundglass.
    window,
    /// `imagenet_rgb`: Inf-Net's first network; a picture of 8 bits over 255, less `mean`, over `deviation`.
    imagenet_rgb,
    /// `imagenet_bgr_with_infection`: Inf-Net's second network; the same for the picture's three planes, and
    /// then for the map that the first network gave.
    imagenet_bgr_with_infection,
    /// `percentile_z_score`: the four-class networks of 42-EPOCHS; see the kernel of that name.
    percentile_z_score,
};

/// The name of a normalisation in a contract.
[[nodiscard]] GROUNDGLASS_EXPORT std::string_view name_of(normalisation value);

/// What the planes are that a network gives. A `segmenter` makes probabilities of logits.
enum class output_kind : std::uint8_t { probability, logits };

/// At which thresholds the volume of a model's lesions bounds the true one: with the probability `levels[i]`
/// the true volume is at most that of the voxels whose probability of infection reaches `thresholds[i]`.
/// Nested conformal prediction (Gupta, Kuchibhotla, Ramdas, "Nested conformal prediction and quantile
/// out-of-bag ensemble methods", Pattern Recognition 2022): in cross-validation each held-out slice has a
/// threshold at which it has its true extent; these are the quantiles of those.
struct volume_quantiles {
    /// Ascending between 0 and 1, from 0.05 or less to 0.95 or more, at most 127; or empty.
    std::vector<double> levels;
    /// One for each, descending or equal, 0 to 1.
    std::vector<double> thresholds;

    friend bool operator==(const volume_quantiles&, const volume_quantiles&) = default;
};

/// How a model's probabilities were made to mean what they say.
struct model_calibration {
    /// What the logits of infection, and of consolidation within it, were divided by. The network in the file
    /// does so already; these are for the record.
    double temperature = 1;
    double conditional_temperature = 1;
    volume_quantiles volume;

    friend bool operator==(const model_calibration&, const model_calibration&) = default;
};

/// The cells on which a network sees a CT, and which slices it sees at a time: it is not given one slice of
/// the CT's own grid but planes of a coarse one. See `lungs`.
struct slice_stack_input {
    /// Edge of a pixel, and the step at which slices are asked for, in mm.
    double pixel_mm = 2;
    double slice_mm = 3;
    /// Where each plane of the input lies, in mm towards the head from the slice that is asked for.
    std::vector<double> neighbours_mm;

    friend bool operator==(const slice_stack_input&, const slice_stack_input&) = default;
};

/// What a model file says of itself: the image it takes and the planes it gives. It lies inside the file as
/// the extra file `groundglass.json`, so a stage needs no second file.
struct model_contract {
    std::string name;
    std::string version;

    /// Which of the following fields of the input mean something.
    segmentation::normalisation normalisation = normalisation::window;
    /// Planes of the input image.
    std::size_t channels = 1;
    /// `window`: the longer edge, in pixels, the image is resized to; unused with a `stack`.
    std::size_t long_edge = 352;
    /// `window`: where the contract has `pixel_mm`, `slice_mm` and `neighbours_mm`.
    std::optional<slice_stack_input> stack;
    /// Both edges are padded to a multiple of this, in pixels, at the lower right.
    std::size_t multiple_of = 32;
    /// `window`: HU that become `range`. An 8-bit image takes 0..255 for the same.
    value_range window_hu{-1350, 150};
    value_range range{-1, 1};
    /// What the image is padded with, on the scale of `range`; without an entry, `range.low`, which is air.
    double padding = -1;
    /// All others: the size, in pixels, the image is resized to, whatever its aspect.
    image_size size;
    /// Mean and deviation of each plane.
    std::vector<double> mean;
    std::vector<double> deviation;
    /// `percentile_z_score`: values are clipped to `clip`; those between the percentiles give mean and
    /// deviation.
    value_range clip{-1500, 500};
    value_range percentiles{5, 95};

    output_kind output = output_kind::probability;
    /// One probability plane for each, in this order. A stage takes those it needs by their names.
    std::vector<std::string> classes;
    std::optional<model_calibration> calibration;

    std::string training_data;
    std::string licence;
    std::string origin;

    friend bool operator==(const model_contract&, const model_contract&) = default;
};

/// Reads a contract from its JSON text, format version 1; unknown keys are passed over. `where` names the
/// file in messages. Throws `model_error` for anything missing, of the wrong type, out of range, or of
/// another version, and for an `input.normalisation` that is not known; without one, the input is a window.
[[nodiscard]] GROUNDGLASS_EXPORT model_contract parse_model_contract(std::string_view text,
                                                                     const std::string& where);

} // namespace groundglass::segmentation
