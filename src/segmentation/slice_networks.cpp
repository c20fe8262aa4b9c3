#include "slice_networks.hpp"

#include <groundglass/segmentation/published_preprocess.hpp>
#include <groundglass/volume/label_map.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace groundglass::segmentation::detail {

namespace {

/// The plane of lung without a lesion, where the model has one.
std::optional<std::size_t> plane_of_lung(const segmenter& model) {
    const auto& classes = model.contract().classes;
    for (std::size_t k = 0; k < classes.size(); ++k)
        if (classes[k] == "lung" || classes[k] == "other_lung") return k;
    return std::nullopt;
}

} // namespace

std::size_t plane_of(const segmenter& model, const char* name) {
    const auto& classes = model.contract().classes;
    const auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end()) {
        std::string all;
        for (const auto& item : classes) all += (all.empty() ? "" : ", ") + item;
        throw model_error(model.options().model.string() + ": the model has the classes " + all +
                          " and not " + name + ", which this stage needs");
    }
    return static_cast<std::size_t>(found - classes.begin());
}

slice_probabilities crop_planes(const segmenter& model, std::span<const float> planes, image_size size,
                                image_size whole, const pixel_box& box, bool lung) {
    const bilinear_resize back(size, whole);
    std::vector<float> mapped(whole.area());
    const auto cropped = [&](std::size_t plane) {
        back(planes.subspan(plane * size.area(), size.area()), mapped);
        std::vector<float> result(box.size.area());
        for (std::size_t row = 0; row < box.size.rows; ++row)
            std::copy_n(mapped.data() + (box.row + row) * whole.columns + box.column, box.size.columns,
                        result.data() + row * box.size.columns);
        return result;
    };
    slice_probabilities result{cropped(plane_of(model, "ground_glass")),
                               cropped(plane_of(model, "consolidation"))};
    if (const auto plane = lung ? plane_of_lung(model) : std::nullopt) result.lung = cropped(*plane);
    return result;
}

slice_probabilities largest_class(const segmenter& model, std::span<const float> planes, image_size size,
                                  image_size whole, bool lung) {
    const auto glass = plane_of(model, "ground_glass");
    const auto dense = plane_of(model, "consolidation");
    const std::size_t area = size.area();
    std::vector<std::uint8_t> labels(area);
    const auto other = lung ? plane_of_lung(model) : std::nullopt;
    std::vector<float> is_lung(other ? area : 0);
    for (std::size_t i = 0; i < area; ++i) {
        std::size_t largest = 0;
        for (std::size_t k = 1; k < model.contract().classes.size(); ++k)
            if (planes[k * area + i] > planes[largest * area + i]) largest = k;
        if (other) is_lung[i] = largest == *other ? 1.0F : 0.0F;
        const auto label = largest == glass   ? volume::lesion_label::ground_glass
                           : largest == dense ? volume::lesion_label::consolidation
                                              : volume::lesion_label::none;
        labels[i] = static_cast<std::uint8_t>(label);
    }
    slice_probabilities result{std::vector<float>(whole.area()), std::vector<float>(whole.area()),
                               std::vector<std::uint8_t>(whole.area())};
    nearest_resize<std::uint8_t>(labels, size, result.labels, whole);
    nearest_resize(planes.subspan(glass * area, area), size, std::span(result.ground_glass), whole);
    nearest_resize(planes.subspan(dense * area, area), size, std::span(result.consolidation), whole);
    if (other) {
        result.lung.resize(whole.area());
        nearest_resize<float>(is_lung, size, result.lung, whole);
    }
    return result;
}

slice_networks::slice_networks(std::vector<segmenter> models, bool as_published, std::size_t long_edge)
    : models_(std::move(models)), as_published_(as_published), long_edge_(long_edge) {
    for (const auto& model : models_) {
        const auto& contract = model.contract();
        const auto where = model.options().model.string();
        const std::string input(name_of(contract.normalisation));
        const bool four_class = contract.normalisation == normalisation::percentile_z_score;
        if (!four_class && contract.normalisation != normalisation::window)
            throw model_error(where + ": the model is one of the two networks of Inf-Net (" + input +
                              "), and this stage takes networks that need no other; use the stage inf_net "
                              "with both");
        if (contract.stack)
            throw model_error(where + ": the model finds lungs (stage lungs), and this stage takes networks "
                                      "that find lesions");
        if (contract.channels != 1)
            throw model_error(where + ": the model takes " + std::to_string(contract.channels) +
                              " planes, and this stage gives it one, the CT slice");
        if (as_published && !four_class)
            throw model_error(where +
                              ": as_published is for four-class networks (percentile_z_score), and "
                              "this model takes a " +
                              input);
        static_cast<void>(plane_of(model, "ground_glass"));
        static_cast<void>(plane_of(model, "consolidation"));
    }
}

template <class T>
std::vector<float> slice_networks::four_class_image(const model_contract& contract, std::span<const T> slice,
                                                    image_size size,
                                                    std::optional<value_range> window) const {
    std::vector<float> image(contract.size.area());
    if constexpr (std::is_same_v<T, std::uint8_t>) {
        if (as_published_) {
            std::vector<std::uint8_t> grey(contract.size.area());
            opencv_resize<std::uint8_t>(slice, size, grey, contract.size);
            std::copy(grey.begin(), grey.end(), image.begin());
            percentile_z_score(image, contract.clip, contract.percentiles,
                               {contract.mean[0], contract.deviation[0]});
            return image;
        }
    }
    std::vector<float> values(slice.begin(), slice.end());
    if (window)
        for (float& value : values)
            value = std::clamp(value, static_cast<float>(window->low), static_cast<float>(window->high));
    if (as_published_)
        opencv_resize<float>(values, size, image, contract.size);
    else
        bilinear_resize(size, contract.size)(values, image);
    percentile_z_score(image, contract.clip, contract.percentiles, {contract.mean[0], contract.deviation[0]});
    return image;
}

template <class T>
slice_probabilities slice_networks::operator()(std::size_t index, std::span<const T> slice, image_size size,
                                               const pixel_box& box, std::optional<value_range> window,
                                               bool lung) const {
    const auto& model = models_[index];
    const auto& contract = model.contract();
    if (contract.normalisation == normalisation::percentile_z_score) {
        std::vector<float> planes(contract.classes.size() * contract.size.area());
        model(four_class_image(contract, slice, size, window), contract.size, planes);
        return as_published_ ? largest_class(model, planes, contract.size, size, lung)
                             : crop_planes(model, planes, contract.size, size, box, lung);
    }
    const auto target = fit_long_edge(box.size, long_edge_ == 0 ? contract.long_edge : long_edge_);
    std::vector<float> cropped(box.size.area());
    std::vector<float> image(target.area());
    std::vector<float> planes(contract.classes.size() * target.area());
    map_range(slice, size, box, window.value_or(contract.window_hu), contract.range, std::span(cropped));
    bilinear_resize(box.size, target)(cropped, image);
    model(image, target, planes);
    return crop_planes(model, planes, target, box.size, {0, 0, box.size}, lung);
}

template slice_probabilities slice_networks::operator()(std::size_t, std::span<const std::int16_t>,
                                                        image_size, const pixel_box&,
                                                        std::optional<value_range>, bool) const;
template slice_probabilities slice_networks::operator()(std::size_t, std::span<const std::uint8_t>,
                                                        image_size, const pixel_box&,
                                                        std::optional<value_range>, bool) const;
template slice_probabilities slice_networks::operator()(std::size_t, std::span<const float>, image_size,
                                                        const pixel_box&, std::optional<value_range>,
                                                        bool) const;

} // namespace groundglass::segmentation::detail
