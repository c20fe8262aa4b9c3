#include "slice_networks.hpp"

#include <algorithm>
#include <string>

namespace groundglass::segmentation::detail {
namespace {

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

} // namespace

slice_networks::slice_networks(std::vector<segmenter> models) : models_(std::move(models)) {
    for (const auto& model : models_) {
        if (model.contract().channels != 1)
            throw model_error(model.options().model.string() + ": the model takes " +
                              std::to_string(model.contract().channels) +
                              " planes, and this stage gives it one, the CT slice");
        static_cast<void>(plane_of(model, "ground_glass"));
        static_cast<void>(plane_of(model, "consolidation"));
    }
}

template <class T>
slice_probabilities slice_networks::operator()(std::span<const T> slice, image_size size,
                                               const pixel_box& box,
                                               std::optional<value_range> window) const {
    slice_probabilities result;
    std::vector<float> cropped(box.size.area());
    std::vector<float> mapped(box.size.area());
    const auto share = 1.0F / static_cast<float>(models_.size());
    for (const auto& model : models_) {
        const auto& contract = model.contract();
        const auto target = fit_long_edge(box.size, contract.long_edge);
        std::vector<float> image(target.area());
        std::vector<float> planes(contract.classes.size() * target.area());
        map_range(slice, size, box, window.value_or(contract.window_hu), contract.range, std::span(cropped));
        bilinear_resize(box.size, target)(cropped, image);
        model(image, target, planes);

        const bilinear_resize back(target, box.size);
        const auto add = [&](const char* name, std::vector<float>& sum) {
            const auto plane = std::span<const float>(planes).subspan(plane_of(model, name) * target.area());
            back(plane.first(target.area()), mapped);
            sum.resize(box.size.area());
            for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += share * mapped[i];
        };
        add("ground_glass", result.ground_glass);
        add("consolidation", result.consolidation);
    }
    return result;
}

template slice_probabilities slice_networks::operator()(std::span<const std::int16_t>, image_size,
                                                        const pixel_box&, std::optional<value_range>) const;
template slice_probabilities slice_networks::operator()(std::span<const std::uint8_t>, image_size,
                                                        const pixel_box&, std::optional<value_range>) const;
template slice_probabilities slice_networks::operator()(std::span<const float>, image_size, const pixel_box&,
                                                        std::optional<value_range>) const;

} // namespace groundglass::segmentation::detail
