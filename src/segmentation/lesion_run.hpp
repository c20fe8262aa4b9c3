#pragma once

#include "slice_members.hpp"
#include <groundglass/lungs/picture_lungs.hpp>
#include <groundglass/segmentation/image_lesions.hpp>
#include <groundglass/segmentation/lesion_options.hpp>
#include <groundglass/segmentation/progress.hpp>
#include <groundglass/segmentation/segmenter.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::segmentation::detail {

/// The options of a stage that finds lesions, whichever its networks are.
struct lesion_settings : lesion_options {
    bool as_published = false;
};

[[nodiscard]] inline std::size_t view_count(const lesion_settings& settings) {
    return static_cast<std::size_t>(settings.views);
}

template <class Options>
[[nodiscard]] lesion_settings settings_of(const Options& options) {
    return {options, options.as_published};
}

/// Throws `std::invalid_argument` naming the stage, the option, its value and the range.
void check(const lesion_settings& settings, const std::string& stage);

/// As a note or a refusal tells a measure.
[[nodiscard]] std::string four_digits(double value);

/// A warning where CUDA was asked for or found and the CPU had to take over; nothing else.
[[nodiscard]] notes fallback_notes(const std::vector<const segmenter*>& models);

using member_function = std::function<void(std::size_t member, const slice_probabilities&)>;

/// What finds lesions in a slice, and whose contracts are to be heard.
struct lesion_finder {
    /// The mean probabilities in a box, telling of each member. Called by many threads at a time.
    std::function<slice_probabilities(std::span<const std::int16_t>, image_size, const pixel_box&,
                                      const member_function&)>
        run;
    std::size_t members = 1;
    /// As the notes name them.
    std::vector<const segmenter*> models;
    /// Those whose probabilities decide: their calibration counts.
    std::vector<const model_contract*> judges;
};

/// Runs the networks over the slices of a CT and makes lesions of what they give: inside the lungs, averaged
/// and thresholded, or, as published, the labels of whole slices as they come. Throws what the finder and
/// `progress` throw, and `cancelled`.
[[nodiscard]] volume::lesion_ct find_lesions(const volume::lung_ct& lungs, const lesion_settings& settings,
                                             const lesion_finder& finder, const progress_function& progress);

/// The same with networks as `mean_of_members` takes them.
template <class Networks>
[[nodiscard]] volume::lesion_ct find_lesions(const volume::lung_ct& lungs, const lesion_settings& settings,
                                             const Networks& networks, std::vector<const segmenter*> models,
                                             std::vector<const model_contract*> judges,
                                             const progress_function& progress) {
    const auto run = [&](std::span<const std::int16_t> slice, image_size size, const pixel_box& box,
                         const member_function& seen) {
        return mean_of_members(networks, view_count(settings), slice, size, box, std::nullopt, false, seen);
    };
    return find_lesions(lungs, settings,
                        {run, networks.size() * view_count(settings), std::move(models), std::move(judges)},
                        progress);
}

/// 0, 1 ground glass, 2 consolidation: lesion where the two reach the threshold together.
[[nodiscard]] inline volume::lesion_label label_of(float ground_glass, float consolidation, float threshold) {
    if (ground_glass + consolidation < threshold) return volume::lesion_label::none;
    return consolidation > ground_glass ? volume::lesion_label::consolidation
                                        : volume::lesion_label::ground_glass;
}

/// Takes from a picture's lungs and lesions what lies beside the patient: the networks learned from pictures
/// that show little of it. Nothing is taken where values are not finite.
template <class T>
void keep_within_patient(std::span<const T> values, image_size size, std::span<std::uint8_t> lungs,
                         std::span<std::uint8_t> labels) {
    if (!std::all_of(values.begin(), values.end(),
                     [](T value) { return std::isfinite(static_cast<double>(value)); }))
        return;
    volume::bit_mask found({1, size.rows, size.columns});
    for (std::size_t i = 0; i < lungs.size(); ++i)
        if (lungs[i] != 0) found.set(0, i / size.columns, i % size.columns);
    const auto kept = groundglass::lungs::without_beside(
        found, groundglass::lungs::air_beside_patient(values, size.rows, size.columns));
    for (std::size_t i = 0; i < lungs.size(); ++i) {
        if (kept.test(0, i / size.columns, i % size.columns)) continue;
        lungs[i] = 0;
        labels[i] = 0;
    }
}

/// Lesions of a whole image, with networks as `mean_of_members` takes them.
template <class Networks, class T>
[[nodiscard]] image_lesions find_in_image(const Networks& networks, const lesion_settings& settings,
                                          std::span<const T> values, image_size size,
                                          std::optional<value_range> window) {
    if (window && !(std::isfinite(window->low) && std::isfinite(window->high) && window->low < window->high))
        throw std::invalid_argument("segment_image: window must be (low, high) with low < high, found (" +
                                    four_digits(window->low) + ", " + four_digits(window->high) + ")");
    if (size.area() == 0 || values.size() != size.area())
        throw std::invalid_argument("segment_image: " + std::to_string(values.size()) +
                                    " values for an image of " + std::to_string(size.rows) + " x " +
                                    std::to_string(size.columns));
    const auto found = mean_of_members(networks, view_count(settings), values, size, pixel_box{0, 0, size},
                                       window, true, [](std::size_t, const slice_probabilities&) {});
    image_lesions result{make_array<float>({2, size.rows, size.columns}),
                         array2<std::uint8_t>({size.rows, size.columns}), std::nullopt};
    std::copy(found.ground_glass.begin(), found.ground_glass.end(),
              slice_of(result.probabilities, 0).begin());
    std::copy(found.consolidation.begin(), found.consolidation.end(),
              slice_of(result.probabilities, 1).begin());
    const auto labels = flat(result.labels);
    const bool published = !found.labels.empty();
    const auto threshold = static_cast<float>(settings.threshold);
    for (std::size_t i = 0; i < labels.size(); ++i)
        labels[i] = published ? found.labels[i]
                              : static_cast<std::uint8_t>(
                                    label_of(found.ground_glass[i], found.consolidation[i], threshold));
    if (!found.lung.empty()) {
        result.lungs = array2<std::uint8_t>({size.rows, size.columns});
        const auto lungs = flat(*result.lungs);
        for (std::size_t i = 0; i < lungs.size(); ++i) {
            // As published, lung is a class of its own and does not share with the others.
            const float inside =
                published ? found.lung[i] : found.lung[i] + found.ground_glass[i] + found.consolidation[i];
            lungs[i] = labels[i] != 0 || inside >= 0.5F ? 1 : 0;
        }
        if (!published) keep_within_patient(values, size, lungs, labels);
    }
    return result;
}

} // namespace groundglass::segmentation::detail
