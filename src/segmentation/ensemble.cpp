#include "runner.hpp"
#include "slice_networks.hpp"
#include "windowed_run.hpp"
#include <groundglass/segmentation/ensemble.hpp>
#include <groundglass/volume/components.hpp>

#if defined(__linux__)
#include <sched.h>
#endif

#include <cmath>
#include <cstdio>
#include <string>
#include <thread>

namespace groundglass::segmentation {

struct ensemble::impl {
    ensemble_options options;
    detail::slice_networks networks;
};

namespace {

using detail::slice_probabilities;

/// The network sees this much around the lungs.
constexpr double crop_margin_mm = 3;

std::string shown(double value) {
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%.4g", value);
    return {text.data(), static_cast<std::size_t>(std::max(0, length))};
}

void check(const ensemble_options& options) {
    const auto refuse = [](const std::string& name, double value, const std::string& allowed) {
        throw std::invalid_argument("ensemble: " + name + " must be " + allowed + ", found " + shown(value));
    };
    if (options.models.empty())
        throw std::invalid_argument("ensemble: models is empty; name at least one model file");
    if (options.threads < 0 || options.threads > 1024)
        refuse("threads", options.threads, "0 (one for each core) or 1 to 1024");
    if (!(options.threshold > 0 && options.threshold <= 1))
        refuse("threshold", options.threshold, "above 0 and at most 1");
    if (!(options.average_mm >= 0 && options.average_mm <= 20))
        refuse("average_mm", options.average_mm, "0 to 20");
    if (!(options.minimum_lesion_ml >= 0 && options.minimum_lesion_ml <= 1000))
        refuse("minimum_lesion_ml", options.minimum_lesion_ml, "0 to 1000");
}

std::vector<segmenter> load(const ensemble_options& options) {
    std::vector<segmenter> models;
    for (const auto& model : options.models) models.emplace_back(segmenter_options{model, options.bfloat16});
    return models;
}

std::size_t usable_cores() {
#if defined(__linux__)
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<std::size_t>(CPU_COUNT(&cores));
#endif
    return std::max(1U, std::thread::hardware_concurrency());
}

/// What the networks see: the slices with lung, and the one box around all lungs, the same in every slice.
/// With a box for each slice the small ones near apex and base are enlarged: on a COVID-19 study the
/// agreement with the radiologists' slice labels fell from an AUC of 0.95 to 0.89.
struct lung_slices {
    std::vector<std::size_t> indices;
    pixel_box box;
};

lung_slices find_lungs(const lung_ct& lungs) {
    const auto& grid = lungs.ct().grid();
    const image_size size{grid.shape[1], grid.shape[2]};
    const auto pixels = [](double spacing_mm) {
        return static_cast<std::size_t>(std::ceil(crop_margin_mm / spacing_mm));
    };
    lung_slices result;
    std::vector<std::uint8_t> shadow(size.area());
    for (std::size_t i = 0; i < grid.shape[0]; ++i) {
        const auto labels = slice(lungs.lungs(), i);
        if (std::all_of(labels.begin(), labels.end(), [](std::uint8_t label) { return label == 0; }))
            continue;
        result.indices.push_back(i);
        for (std::size_t k = 0; k < labels.size(); ++k) shadow[k] |= labels[k];
    }
    result.box = mask_box(shadow, size, {pixels(grid.spacing_mm[1]), pixels(grid.spacing_mm[2])});
    return result;
}

/// For each slice with lung those not further away than `reach_mm`.
std::vector<detail::window> close_slices(const std::vector<std::size_t>& indices, double spacing_mm,
                                         double reach_mm) {
    // A spacing written as 0.8333 must not lose a slice that is meant to be at the reach.
    const auto reach = static_cast<std::size_t>(reach_mm / spacing_mm * (1 + 1e-3));
    std::vector<detail::window> result(indices.size());
    for (std::size_t i = 0; i < indices.size(); ++i) {
        auto& [first, last] = result[i];
        for (first = i; first > 0 && indices[i] - indices[first - 1] <= reach;) --first;
        for (last = i; last + 1 < indices.size() && indices[last + 1] - indices[i] <= reach;) ++last;
    }
    return result;
}

/// Calls `f(pixel of the slice, pixel of the box)` for each lung pixel.
template <class F>
void for_each_lung_pixel(std::span<const std::uint8_t> labels, std::size_t columns, const pixel_box& box,
                         F f) {
    for (std::size_t row = 0; row < box.size.rows; ++row) {
        const std::size_t here = (box.row + row) * columns + box.column;
        for (std::size_t i = 0; i < box.size.columns; ++i)
            if (labels[here + i] != 0) f(here + i, row * box.size.columns + i);
    }
}

/// Averages the probabilities of close slices, voxel by voxel, over those of them that have lung there:
/// beyond the lungs a network's answer means nothing.
class slice_mean {
public:
    slice_mean(const lung_ct& lungs, const pixel_box& box)
        : lungs_(lungs), box_(box), columns_(lungs.ct().grid().shape[2]), count_(box.size.area()),
          ground_glass_(box.size.area()), consolidation_(box.size.area()) {}

    void add(const slice_probabilities& found, std::size_t index) {
        for_each_lung_pixel(slice(lungs_.lungs(), index), columns_, box_, [&](std::size_t, std::size_t i) {
            count_[i] += 1;
            ground_glass_[i] += found.ground_glass[i];
            consolidation_[i] += found.consolidation[i];
        });
    }

    /// Calls `f(pixel of the slice, ground glass, consolidation)` for each lung pixel of a slice that was
    /// added.
    template <class F>
    void for_each(std::size_t index, F f) const {
        for_each_lung_pixel(slice(lungs_.lungs(), index), columns_, box_,
                            [&](std::size_t pixel, std::size_t i) {
                                f(pixel, ground_glass_[i] / count_[i], consolidation_[i] / count_[i]);
                            });
    }

private:
    const lung_ct& lungs_;
    const pixel_box& box_;
    std::size_t columns_;
    std::vector<float> count_;
    std::vector<float> ground_glass_;
    std::vector<float> consolidation_;
};

std::uint8_t in_255ths(float probability) {
    return static_cast<std::uint8_t>(std::lround(255.0F * std::clamp(probability, 0.0F, 1.0F)));
}

/// Clears connected lesions below a volume and says how many there were.
void drop_small(array3<std::uint8_t>& lesions, double minimum_ml, double voxel_ml, notes& remarks) {
    const components found(mask_where(lesions, [](std::uint8_t label) { return label != 0; }),
                           connectivity::all);
    const auto small = [&](std::size_t i) {
        return static_cast<double>(found[i].voxels) * voxel_ml < minimum_ml;
    };
    std::size_t count = 0;
    std::size_t voxels = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
        if (small(i)) {
            ++count;
            voxels += found[i].voxels;
        }
    if (count == 0) return;
    const auto& shape = found.shape();
    found.visit_runs(
        [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end, std::size_t i) {
            if (!small(i)) return;
            auto* line = flat(lesions).data() + (slice * shape[1] + row) * shape[2];
            std::fill(line + begin, line + end, std::uint8_t{0});
        });
    remarks.push_back({note_level::info, "small_lesions_dropped",
                       std::to_string(count) + " lesions below " + shown(minimum_ml) + " ml, " +
                           shown(static_cast<double>(voxels) * voxel_ml) + " ml in all, were dropped."});
}

notes what_was_done(const ensemble_options& options, const std::vector<segmenter>& models,
                    const geometry& grid, std::size_t slices) {
    std::string names;
    for (const auto& model : models)
        names += (names.empty() ? "" : ", ") + model.contract().name + " " + model.contract().version;
    notes result{{note_level::info, "segmented",
                  "Lesions in " + std::to_string(slices) + " slices with lung by " + names + ", threshold " +
                      shown(options.threshold) + ", probabilities averaged over slices up to " +
                      shown(options.average_mm) + " mm away."}};
    const auto warn = [&](const char* code, const std::string& text) {
        result.push_back({note_level::warning, code, text});
    };
    if (slices == 0) {
        warn("no_lung", "The lung mask is empty, so no lesion was looked for.");
        return result;
    }
    // The range of chest CT at 512 x 512; beyond it a model sees structures at a scale it never met.
    const auto [finest, coarsest] = std::minmax(grid.spacing_mm[1], grid.spacing_mm[2]);
    if (finest < 0.35 || coarsest > 1.5)
        warn("unusual_pixel_spacing",
             "Pixels of " + shown(grid.spacing_mm[1]) + " x " + shown(grid.spacing_mm[2]) +
                 " mm are outside the usual 0.35 to 1.5 mm of chest CT; the model was not "
                 "made for them.");
    if (grid.spacing_mm[0] > 10)
        warn("wide_slice_spacing", "Slices " + shown(grid.spacing_mm[0]) +
                                       " mm apart leave most of the lungs unseen; volumes are rough.");
    if (static_cast<double>(slices) * grid.spacing_mm[0] < 100)
        warn("short_lungs",
             "Only " + shown(static_cast<double>(slices) * grid.spacing_mm[0]) +
                 " mm of lung lie in the volume; the figures are those of a part of the lungs.");
    return result;
}

} // namespace

ensemble::ensemble(const ensemble_options& options) {
    check(options);
    impl_ = std::make_shared<const impl>(impl{options, detail::slice_networks(load(options))});
}

const ensemble_options& ensemble::options() const { return impl_->options; }

const std::vector<segmenter>& ensemble::models() const { return impl_->networks.models(); }

lesion_ct ensemble::run(const lung_ct& lungs, const progress_function& progress) const {
    const auto& options = impl_->options;
    const auto& ct = lungs.ct().hounsfield();
    const auto& grid = lungs.ct().grid();
    const image_size size{grid.shape[1], grid.shape[2]};

    const auto region = find_lungs(lungs);
    const auto& slices = region.indices;
    const auto windows = close_slices(slices, grid.spacing_mm[0], options.average_mm);
    auto lesions = make_array<std::uint8_t>(grid.shape);
    array3<std::uint8_t> ground_glass;
    array3<std::uint8_t> consolidation;
    if (options.keep_probabilities) {
        ground_glass = make_array<std::uint8_t>(grid.shape);
        consolidation = make_array<std::uint8_t>(grid.shape);
    }

    detail::windowed_run<slice_probabilities> work(windows);
    work.prepare_thread = &detail::use_calling_thread_only;
    work.compute = [&](std::size_t i) {
        return impl_->networks(slice(ct, slices[i]), size, region.box, std::nullopt);
    };
    work.combine = [&](std::size_t i, std::span<const std::unique_ptr<const slice_probabilities>> results) {
        slice_mean mean(lungs, region.box);
        for (auto k = windows[i].first; k <= windows[i].last; ++k) mean.add(*results[k], slices[k]);
        const auto threshold = static_cast<float>(options.threshold);
        const auto labels = slice(lesions, slices[i]);
        mean.for_each(slices[i], [&](std::size_t pixel, float glass, float dense) {
            if (glass + dense >= threshold)
                labels[pixel] = static_cast<std::uint8_t>(dense > glass ? lesion_label::consolidation
                                                                        : lesion_label::ground_glass);
            if (!options.keep_probabilities) return;
            slice(ground_glass, slices[i])[pixel] = in_255ths(glass);
            slice(consolidation, slices[i])[pixel] = in_255ths(dense);
        });
    };

    const auto threads = options.threads == 0 ? usable_cores() : static_cast<std::size_t>(options.threads);
    const auto tell = [&](std::size_t done) { return !progress || progress(done, slices.size()); };
    if (!work(threads, tell)) throw cancelled();

    auto remarks = what_was_done(options, models(), grid, slices.size());
    if (options.minimum_lesion_ml > 0)
        drop_small(lesions, options.minimum_lesion_ml, grid.voxel_ml(), remarks);
    if (!options.keep_probabilities) return {lungs, std::move(lesions), std::move(remarks)};
    return {lungs, std::move(lesions), std::move(remarks), share(std::move(ground_glass)),
            share(std::move(consolidation))};
}

namespace {

template <class T>
array3<float> whole_image(const detail::slice_networks& networks, std::span<const T> values, image_size size,
                          std::optional<value_range> window) {
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

} // namespace

array3<float> ensemble::segment_image(std::span<const std::uint8_t> grey, image_size size) const {
    return whole_image(impl_->networks, grey, size, value_range{0, 255});
}

array3<float> ensemble::segment_image(std::span<const float> values, image_size size,
                                      std::optional<value_range> window) const {
    if (window && !(std::isfinite(window->low) && std::isfinite(window->high) && window->low < window->high))
        throw std::invalid_argument("segment_image: window must be (low, high) with low < high, found (" +
                                    shown(window->low) + ", " + shown(window->high) + ")");
    return whole_image(impl_->networks, values, size, window);
}

} // namespace groundglass::segmentation
