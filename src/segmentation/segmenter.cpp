#include "runner.hpp"
#include <groundglass/segmentation/segmenter.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace groundglass::segmentation {

struct segmenter::impl {
    segmenter_options options;
    std::unique_ptr<const detail::runner> engine;
    model_contract contract;
    /// Smaller images are padded to this.
    std::size_t least_edge = 1;
};

namespace {

/// What training left out of a published network: each plane for itself, or one class of several.
void activate(const model_contract& contract, std::span<float> planes, std::size_t area) {
    if (contract.output == output_kind::probability) return;
    if (contract.normalisation != normalisation::percentile_z_score) {
        for (float& value : planes) value = 1.0F / (1.0F + std::exp(-value));
        return;
    }
    const std::size_t classes = contract.classes.size();
    for (std::size_t i = 0; i < area; ++i) {
        float most = planes[i];
        for (std::size_t k = 1; k < classes; ++k) most = std::max(most, planes[k * area + i]);
        float sum = 0;
        for (std::size_t k = 0; k < classes; ++k) {
            auto& value = planes[k * area + i];
            value = std::exp(value - most);
            sum += value;
        }
        for (std::size_t k = 0; k < classes; ++k) planes[k * area + i] /= sum;
    }
}

/// A tiny image through the network, so that a model which is not what its contract says is found out at
/// once.
void try_out(const detail::runner& engine, const model_contract& contract, const std::string& where) {
    const std::size_t edge = 2 * contract.multiple_of;
    const image_size size = engine.fixed_size().value_or(image_size{edge, edge});
    const std::vector<float> image(
        contract.channels * size.area(),
        contract.normalisation == normalisation::window ? static_cast<float>(contract.range.low) : 0.0F);
    std::vector<float> result(contract.classes.size() * size.area());
    engine.run(image, contract.channels, size, result, contract.classes.size());
    activate(contract, result, size.area());
    const auto wrong =
        std::find_if(result.begin(), result.end(), [](float p) { return !(p >= -1e-3F && p <= 1.001F); });
    if (wrong != result.end())
        throw model_error(where + ": the model gives " + std::to_string(*wrong) +
                          " where its contract promises probabilities from 0 to 1; export it with its last "
                          "activation (sigmoid or softmax) inside");
}

} // namespace

segmenter::segmenter(const segmenter_options& options) {
    if (options.bfloat16 && !detail::has_bfloat16() &&
        (options.device == segmentation::device::cpu || !detail::has_cuda()))
        throw std::invalid_argument("bfloat16 = true: this CPU has neither AVX-512 BF16 nor AMX; use false");
    const auto where = options.model.string();
    auto loaded = std::make_shared<impl>();
    loaded->options = options;
    // The whole contract is understood before any of the model is loaded.
    const detail::model_archive archive(options.model);
    loaded->contract = parse_model_contract(archive.contract(), where);
    loaded->engine = detail::load_runner(archive, loaded->contract, options.bfloat16, options.device);
    // torch.export takes a map of one pixel for a special case, and leaves it out of what it compiles.
    if (archive.format() == detail::program_format::aoti_package && !loaded->engine->fixed_size())
        loaded->least_edge = 2 * loaded->contract.multiple_of;
    try_out(*loaded->engine, loaded->contract, where);
    impl_ = std::move(loaded);
}

const model_contract& segmenter::contract() const { return impl_->contract; }

const segmenter_options& segmenter::options() const { return impl_->options; }

segmentation::device segmenter::device() const { return impl_->engine->device(); }

std::string segmenter::fallback() const { return impl_->engine->fallback(); }

void segmenter::operator()(std::span<const float> image, image_size size,
                           std::span<float> probabilities) const {
    const auto& contract = impl_->contract;
    const std::size_t classes = contract.classes.size();
    if (size.area() == 0 || image.size() != contract.channels * size.area() ||
        probabilities.size() != classes * size.area())
        throw std::invalid_argument("segmenter: the model takes " + std::to_string(contract.channels) +
                                    " and gives " + std::to_string(classes) +
                                    " planes of the image's size; a span has another length");
    const auto padded_edge = [&](std::size_t edge) {
        return std::max(round_up(edge, contract.multiple_of), impl_->least_edge);
    };
    const image_size padded{padded_edge(size.rows), padded_edge(size.columns)};
    if (padded == size) {
        impl_->engine->run(image, contract.channels, size, probabilities, classes);
        activate(contract, probabilities, size.area());
        return;
    }
    std::vector<float> in(contract.channels * padded.area());
    std::vector<float> out(classes * padded.area());
    for (std::size_t i = 0; i < contract.channels; ++i)
        pad_plane(image.subspan(i * size.area(), size.area()), size, std::span(in).subspan(i * padded.area()),
                  padded, static_cast<float>(contract.padding));
    impl_->engine->run(in, contract.channels, padded, out, classes);
    activate(contract, out, padded.area());
    for (std::size_t i = 0; i < classes; ++i)
        unpad_plane(std::span(out).subspan(i * padded.area(), padded.area()), padded,
                    probabilities.subspan(i * size.area()), size);
}

} // namespace groundglass::segmentation
