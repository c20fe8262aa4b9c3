#pragma once

#include "slice_networks.hpp"
#include <groundglass/segmentation/progress.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>

namespace groundglass::segmentation::detail {

/// What the options of all stages have in common, with the meaning that `ensemble_options` gives them.
struct lesion_settings {
    int threads = 0;
    double threshold = 0.5;
    double average_mm = 0;
    double minimum_lesion_ml = 0;
    bool keep_probabilities = false;
    bool as_published = false;
};

template <class Options>
[[nodiscard]] lesion_settings settings_of(const Options& o) {
    return {o.threads, o.threshold, o.average_mm, o.minimum_lesion_ml, o.keep_probabilities, o.as_published};
}

/// Throws `std::invalid_argument` naming the stage, the option, its value and the range.
void check(const lesion_settings& settings, const std::string& stage);

[[nodiscard]] std::string shown(double value);

/// The probabilities of one slice inside a box. Called by many threads at a time.
using slice_function =
    std::function<slice_probabilities(std::span<const std::int16_t>, image_size, const pixel_box&)>;

/// Runs the networks over the slices of a CT and makes lesions of what they give: inside the lungs, averaged
/// and thresholded, or, as published, the labels of whole slices as they come. `models` names the networks in
/// the notes. Throws what `networks` and `progress` throw, and `cancelled`.
[[nodiscard]] lesion_ct find_lesions(const lung_ct& lungs, const lesion_settings& settings,
                                     const std::string& models, const slice_function& networks,
                                     const progress_function& progress);

/// Both planes of a whole image. `networks(values, size, box, window)` gives `slice_probabilities`.
template <class Networks, class T>
[[nodiscard]] array3<float> whole_image(const Networks& networks, std::span<const T> values, image_size size,
                                        std::optional<value_range> window) {
    if (window && !(std::isfinite(window->low) && std::isfinite(window->high) && window->low < window->high))
        throw std::invalid_argument("segment_image: window must be (low, high) with low < high, found (" +
                                    shown(window->low) + ", " + shown(window->high) + ")");
    if (size.area() == 0 || values.size() != size.area())
        throw std::invalid_argument("segment_image: " + std::to_string(values.size()) +
                                    " values for an image of " + std::to_string(size.rows) + " x " +
                                    std::to_string(size.columns));
    const auto found = networks(values, size, pixel_box{0, 0, size}, window);
    auto result = make_array<float>({2, size.rows, size.columns});
    std::copy(found.ground_glass.begin(), found.ground_glass.end(), slice(result, 0).begin());
    std::copy(found.consolidation.begin(), found.consolidation.end(), slice(result, 1).begin());
    return result;
}

} // namespace groundglass::segmentation::detail
