#include "lesion_run.hpp"
#include <groundglass/segmentation/ensemble.hpp>

#include <string>

namespace groundglass::segmentation {

struct ensemble::impl {
    ensemble_options options;
    detail::slice_networks networks;
};

namespace {

void check(const ensemble_options& options) {
    if (options.models.empty())
        throw std::invalid_argument("ensemble: models is empty; name at least one model file");
    if (options.as_published && options.models.size() > 1)
        throw std::invalid_argument("ensemble: models must be one file with as_published, found " +
                                    std::to_string(options.models.size()) +
                                    "; the published two networks are imported as one");
    detail::check(detail::settings_of(options), "ensemble");
}

std::vector<segmenter> load(const ensemble_options& options) {
    std::vector<segmenter> models;
    for (const auto& model : options.models)
        models.emplace_back(segmenter_options{model, options.bfloat16, options.device});
    return models;
}

} // namespace

ensemble_options ensemble_options::compatible(std::filesystem::path model) {
    ensemble_options options;
    options.models.push_back(std::move(model));
    options.average_mm = 0;
    options.minimum_lesion_ml = 0;
    options.as_published = true;
    return options;
}

ensemble::ensemble(const ensemble_options& options) {
    check(options);
    impl_ = std::make_shared<const impl>(
        impl{options, detail::slice_networks(load(options), options.as_published, options.long_edge)});
}

ensemble::ensemble(std::vector<std::filesystem::path> models, const lesion_options& options)
    : ensemble(ensemble_options{options, std::move(models)}) {}

const ensemble_options& ensemble::options() const { return impl_->options; }

const std::vector<segmenter>& ensemble::models() const { return impl_->networks.models(); }

volume::lesion_ct ensemble::run(const volume::lung_ct& lungs, const progress_function& progress) const {
    std::vector<const segmenter*> all;
    std::vector<const model_contract*> contracts;
    for (const auto& model : models()) {
        all.push_back(&model);
        contracts.push_back(&model.contract());
    }
    return detail::find_lesions(lungs, detail::settings_of(impl_->options), impl_->networks, std::move(all),
                                std::move(contracts), progress);
}

image_lesions ensemble::find_in_image(std::span<const std::uint8_t> grey, image_size size) const {
    return detail::find_in_image(impl_->networks, detail::settings_of(impl_->options), grey, size,
                                 value_range{0, 255});
}

image_lesions ensemble::find_in_image(std::span<const float> values, image_size size,
                                      std::optional<value_range> window) const {
    return detail::find_in_image(impl_->networks, detail::settings_of(impl_->options), values, size, window);
}

array3<float> ensemble::segment_image(std::span<const std::uint8_t> grey, image_size size) const {
    return find_in_image(grey, size).probabilities;
}

array3<float> ensemble::segment_image(std::span<const float> values, image_size size,
                                      std::optional<value_range> window) const {
    return find_in_image(values, size, window).probabilities;
}

} // namespace groundglass::segmentation
