#include "lesion_run.hpp"
#include <groundglass/segmentation/inf_net.hpp>
#include <groundglass/segmentation/published_preprocess.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

namespace groundglass::segmentation {
namespace {

constexpr value_range grey_levels{0, 255};

/// Both networks and all that lies around them for one slice.
class two_networks {
public:
    two_networks(const inf_net_options& options)
        : infection_({options.infection, options.bfloat16, options.device}),
          multi_class_({options.multi_class, options.bfloat16, options.device}),
          window_hu_(options.window_hu), as_published_(options.as_published) {
        need(infection_, normalisation::imagenet_rgb, "infection");
        need(multi_class_, normalisation::imagenet_bgr_with_infection, "multi_class");
        if (infection_.contract().classes.size() != 1)
            throw model_error(options.infection.string() + ": the model gives " +
                              std::to_string(infection_.contract().classes.size()) +
                              " planes where the infection network gives one");
        for (const auto* name : {"ground_glass", "consolidation", "background"})
            static_cast<void>(detail::plane_of(multi_class_, name));
    }

    [[nodiscard]] const segmenter& infection() const { return infection_; }
    [[nodiscard]] const segmenter& multi_class() const { return multi_class_; }

    /// Both together are one model.
    [[nodiscard]] static std::size_t size() { return 1; }

    /// Safe to call from many threads.
    template <class T>
    [[nodiscard]] detail::slice_probabilities operator()(std::size_t, std::span<const T> slice,
                                                         image_size size, const pixel_box& box,
                                                         std::optional<value_range> window, bool lung) const {
        return as_published_ ? published(slice, size, window, lung)
                             : principled(slice, size, box, window, lung);
    }

private:
    static void need(const segmenter& model, normalisation wanted, const char* option) {
        const auto found = model.contract().normalisation;
        if (found != wanted)
            throw model_error(model.options().model.string() + ": " + option + " needs a model of input " +
                              std::string(name_of(wanted)) + ", and this one has " +
                              std::string(name_of(found)) + "; import the checkpoint as the network it is");
    }

    /// One grey plane as each of `count` planes from `first` on.
    template <class T>
    static void fill(const model_contract& contract, std::span<const T> grey, std::size_t first,
                     std::size_t count, std::span<float> planes) {
        for (std::size_t k = first; k < first + count; ++k)
            imagenet_normalise(grey, {contract.mean[k], contract.deviation[k]},
                               planes.subspan(k * grey.size(), grey.size()));
    }

    /// The probability of infection of a picture of the first network's size.
    template <class T>
    [[nodiscard]] std::vector<float> infection_map(std::span<const T> grey) const {
        const auto& contract = infection_.contract();
        std::vector<float> planes(3 * grey.size());
        std::vector<float> result(grey.size());
        fill(contract, grey, 0, 3, planes);
        infection_(planes, contract.size, result);
        return result;
    }

    /// The second network's three planes, of its own size.
    template <class T>
    [[nodiscard]] std::vector<float> classes(std::span<const T> grey, std::span<const T> infection) const {
        const auto& contract = multi_class_.contract();
        std::vector<float> planes(6 * grey.size());
        std::vector<float> result(contract.classes.size() * grey.size());
        fill(contract, grey, 0, 3, planes);
        fill(contract, infection, 3, 3, planes);
        multi_class_(planes, contract.size, result);
        return result;
    }

    template <class T>
    [[nodiscard]] detail::slice_probabilities principled(std::span<const T> slice, image_size size,
                                                         const pixel_box& box,
                                                         std::optional<value_range> window, bool lung) const {
        const auto first = infection_.contract().size;
        const auto second = multi_class_.contract().size;
        std::vector<float> cropped(box.size.area());
        map_range(slice, size, box, window.value_or(window_hu_), grey_levels, std::span(cropped));
        std::vector<float> small(first.area());
        bilinear_resize(box.size, first)(cropped, small);
        auto infected = infection_map<float>(small);
        for (float& value : infected) value *= 255.0F;
        std::vector<float> grey(second.area());
        std::vector<float> prior(second.area());
        bilinear_resize(box.size, second)(cropped, grey);
        bilinear_resize(first, second)(infected, prior);
        auto planes = classes<float>(grey, prior);
        const std::size_t count = multi_class_.contract().classes.size();
        for (std::size_t i = 0; i < second.area(); ++i) {
            float sum = 0;
            for (std::size_t k = 0; k < count; ++k) sum += planes[k * second.area() + i];
            // Where no class is seen at all there is no lesion.
            if (sum > 0)
                for (std::size_t k = 0; k < count; ++k) planes[k * second.area() + i] /= sum;
        }
        return detail::crop_planes(multi_class_, planes, second, box.size, {0, 0, box.size}, lung);
    }

    template <class T>
    [[nodiscard]] detail::slice_probabilities published(std::span<const T> slice, image_size size,
                                                        std::optional<value_range> window, bool lung) const {
        const auto picture = as_picture(slice, size, window);
        const auto first = infection_.contract().size;
        const auto second = multi_class_.contract().size;
        std::vector<std::uint8_t> small(first.area());
        pillow_resize(picture, size, small, first);
        const auto infected = infection_map<std::uint8_t>(small);
        std::vector<std::uint8_t> map(first.area());
        min_max_to_8_bit<float>(infected, map);
        std::vector<std::uint8_t> grey(second.area());
        std::vector<std::uint8_t> prior(second.area());
        opencv_resize<std::uint8_t>(picture, size, grey, second);
        opencv_resize<std::uint8_t>(map, first, prior, second);
        return detail::largest_class(multi_class_, classes<std::uint8_t>(grey, prior), second, size, lung);
    }

    template <class T>
    static std::vector<std::uint8_t> as_picture(std::span<const T> slice, image_size size,
                                                std::optional<value_range> window) {
        std::vector<std::uint8_t> result(slice.size());
        if constexpr (std::is_same_v<T, std::uint8_t>) {
            result.assign(slice.begin(), slice.end());
        } else if (window) {
            std::vector<float> grey(slice.size());
            map_range(slice, size, {0, 0, size}, *window, grey_levels, std::span(grey));
            std::transform(grey.begin(), grey.end(), result.begin(), [](float value) {
                return static_cast<std::uint8_t>(value > 0 ? value + 0.5F : 0.0F);
            });
        } else {
            min_max_to_8_bit(slice, std::span(result));
        }
        return result;
    }

    segmenter infection_;
    segmenter multi_class_;
    value_range window_hu_;
    bool as_published_;
};

void check(const inf_net_options& options) {
    const auto named = [](const std::filesystem::path& file, const char* option) {
        if (file.empty())
            throw std::invalid_argument(std::string("inf_net: ") + option + " is empty; name its model file");
    };
    named(options.infection, "infection");
    named(options.multi_class, "multi_class");
    detail::check(detail::settings_of(options), "inf_net");
    if (options.long_edge != 0)
        throw std::invalid_argument("inf_net: long_edge must be 0, as both networks have one size, found " +
                                    std::to_string(options.long_edge));
    const auto [low, high] = options.window_hu;
    if (!(std::isfinite(low) && std::isfinite(high) && low < high))
        throw std::invalid_argument("inf_net: window_hu must be (low, high) with low < high, found (" +
                                    detail::four_digits(low) + ", " + detail::four_digits(high) + ")");
}

} // namespace

struct inf_net::impl {
    inf_net_options options;
    two_networks networks;
};

inf_net_options inf_net_options::compatible(std::filesystem::path infection,
                                            std::filesystem::path multi_class) {
    inf_net_options options;
    options.infection = std::move(infection);
    options.multi_class = std::move(multi_class);
    options.average_mm = 0;
    options.minimum_lesion_ml = 0;
    options.as_published = true;
    return options;
}

inf_net::inf_net(const inf_net_options& options) {
    check(options);
    impl_ = std::make_shared<const impl>(impl{options, two_networks(options)});
}

inf_net::inf_net(std::filesystem::path infection, std::filesystem::path multi_class,
                 const lesion_options& options)
    : inf_net(inf_net_options{options, std::move(infection), std::move(multi_class)}) {}

const inf_net_options& inf_net::options() const { return impl_->options; }

const segmenter& inf_net::infection() const { return impl_->networks.infection(); }

const segmenter& inf_net::multi_class() const { return impl_->networks.multi_class(); }

volume::lesion_ct inf_net::run(const volume::lung_ct& lungs, const progress_function& progress) const {
    return detail::find_lesions(lungs, detail::settings_of(impl_->options), impl_->networks,
                                {&infection(), &multi_class()}, {&multi_class().contract()}, progress);
}

image_lesions inf_net::find_in_image(std::span<const std::uint8_t> grey, image_size size) const {
    return detail::find_in_image(impl_->networks, detail::settings_of(impl_->options), grey, size,
                                 grey_levels);
}

image_lesions inf_net::find_in_image(std::span<const float> values, image_size size,
                                     std::optional<value_range> window) const {
    return detail::find_in_image(impl_->networks, detail::settings_of(impl_->options), values, size, window);
}

array3<float> inf_net::segment_image(std::span<const std::uint8_t> grey, image_size size) const {
    return find_in_image(grey, size).probabilities;
}

array3<float> inf_net::segment_image(std::span<const float> values, image_size size,
                                     std::optional<value_range> window) const {
    return find_in_image(values, size, window).probabilities;
}

} // namespace groundglass::segmentation
