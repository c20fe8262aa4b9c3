#pragma once

#include "slice_networks.hpp"
#include "views.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace groundglass::segmentation::detail {

/// The mean over all members, each a model that looks at a slice laid in one way. `networks.size()` is the
/// number of models, `networks(model, slice, size, box, window, lung)` gives `slice_probabilities` in the
/// box. There is a mean of other lung where `lung` asks for it and every model has that class. `seen(member,
/// probabilities)` is called for each member, in the order of models within views.
template <class Networks, class T, class F>
[[nodiscard]] slice_probabilities
mean_of_members(const Networks& networks, std::size_t views, std::span<const T> slice, image_size size,
                const pixel_box& box, std::optional<value_range> window, bool lung, const F& seen) {
    const std::size_t models = networks.size();
    if (models * views == 1) {
        auto only = networks(std::size_t{0}, slice, size, box, window, lung);
        seen(std::size_t{0}, only);
        return only;
    }
    const std::size_t area = box.size.area();
    const auto share = 1.0F / static_cast<float>(models * views);
    slice_probabilities mean{std::vector<float>(area), std::vector<float>(area)};
    if (lung) mean.lung.resize(area);
    const auto add = [&](std::size_t member, const slice_probabilities& found) {
        seen(member, found);
        if (found.lung.empty()) mean.lung.clear();
        for (std::size_t i = 0; i < mean.lung.size(); ++i) mean.lung[i] += share * found.lung[i];
        for (std::size_t i = 0; i < area; ++i) {
            mean.ground_glass[i] += share * found.ground_glass[i];
            mean.consolidation[i] += share * found.consolidation[i];
        }
    };
    std::vector<T> laid;
    slice_probabilities back{std::vector<float>(area), std::vector<float>(area)};
    for (std::size_t v = 0; v < views; ++v) {
        const auto& way = all_views[v];
        if (!way.plain()) {
            laid.resize(size.area());
            way.lay(slice, size, std::span(laid));
        }
        for (std::size_t model = 0; model < models; ++model) {
            const std::size_t member = v * models + model;
            if (way.plain()) {
                add(member, networks(model, slice, size, box, window, lung));
                continue;
            }
            const auto found =
                networks(model, std::span<const T>(laid), way.laid(size), way.laid(box, size), window, lung);
            way.lay_back(std::span<const float>(found.ground_glass), box.size, std::span(back.ground_glass));
            way.lay_back(std::span<const float>(found.consolidation), box.size,
                         std::span(back.consolidation));
            back.lung.resize(found.lung.size());
            if (!back.lung.empty())
                way.lay_back(std::span<const float>(found.lung), box.size, std::span(back.lung));
            add(member, back);
        }
    }
    return mean;
}

} // namespace groundglass::segmentation::detail
