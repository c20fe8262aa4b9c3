#include "lesion_run.hpp"

#include "lesion_levels.hpp"
#include "runner.hpp"
#include "windowed_run.hpp"
#include <groundglass/segmentation/training_likeness.hpp>
#include <groundglass/volume/components.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>

namespace groundglass::segmentation::detail {
namespace {

/// The network sees this much around the lungs.
constexpr double crop_margin_mm = 3;

/// What the networks see: the slices with lung, and the one box around all lungs, the same in every slice.
/// With a box for each slice the small ones near apex and base are enlarged: on a COVID-19 study the
/// agreement with the radiologists' slice labels fell from an AUC of 0.95 to 0.89.
struct lung_slices {
    std::vector<std::size_t> indices;
    pixel_box box;
};

lung_slices find_lungs(const volume::lung_ct& lungs) {
    const auto& grid = lungs.ct().grid();
    const image_size size{grid.shape[1], grid.shape[2]};
    const auto pixels = [&](std::size_t axis) {
        return volume::whole_up_to(std::ceil(crop_margin_mm / grid.spacing_mm[axis]), grid.shape[axis]);
    };
    lung_slices result;
    std::vector<std::uint8_t> shadow(size.area());
    for (std::size_t i = 0; i < grid.shape[0]; ++i) {
        const auto labels = slice_of(lungs.lungs(), i);
        if (std::all_of(labels.begin(), labels.end(), [](std::uint8_t label) { return label == 0; }))
            continue;
        result.indices.push_back(i);
        for (std::size_t k = 0; k < labels.size(); ++k) shadow[k] |= labels[k];
    }
    result.box = mask_box(shadow, size, {pixels(1), pixels(2)});
    return result;
}

/// For each slice with lung those not further away than `reach_mm`.
std::vector<window> close_slices(const std::vector<std::size_t>& indices, double spacing_mm,
                                 double reach_mm) {
    // A spacing written as 0.8333 must not lose a slice that is meant to be at the reach.
    const auto reach =
        volume::whole_up_to(reach_mm / spacing_mm * (1 + 1e-3), indices.empty() ? 0 : indices.back());
    std::vector<window> result(indices.size());
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
    slice_mean(const volume::lung_ct& lungs, const pixel_box& box)
        : lungs_(lungs), box_(box), columns_(lungs.ct().grid().shape[2]), count_(box.size.area()),
          ground_glass_(box.size.area()), consolidation_(box.size.area()) {}

    void add(const slice_probabilities& found, std::size_t index) {
        for_each_lung_pixel(slice_of(lungs_.lungs(), index), columns_, box_, [&](std::size_t, std::size_t i) {
            count_[i] += 1;
            ground_glass_[i] += found.ground_glass[i];
            consolidation_[i] += found.consolidation[i];
        });
    }

    /// Calls `f(pixel of the slice, ground glass, consolidation)` for each lung pixel of a slice that was
    /// added.
    template <class F>
    void for_each(std::size_t index, F f) const {
        for_each_lung_pixel(slice_of(lungs_.lungs(), index), columns_, box_,
                            [&](std::size_t pixel, std::size_t i) {
                                f(pixel, ground_glass_[i] / count_[i], consolidation_[i] / count_[i]);
                            });
    }

private:
    const volume::lung_ct& lungs_;
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
    const volume::components found(volume::mask_where(lesions, [](std::uint8_t label) { return label != 0; }),
                                   volume::connectivity::all);
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
    const double total_ml = static_cast<double>(voxels) * voxel_ml;
    const double two_digits = std::pow(10.0, std::floor(std::log10(total_ml)) - 1);
    remarks.push_back({note_level::info, "small_lesions_dropped",
                       "Lesions below " + four_digits(minimum_ml) +
                           " ml were dropped: " + std::to_string(count) + ", " +
                           four_digits(two_digits * std::round(total_ml / two_digits)) + " ml in all."});
}

/// `a 1, b 2 and c 1`.
std::string names(const std::vector<const segmenter*>& models) {
    std::string result;
    for (std::size_t i = 0; i < models.size(); ++i)
        result += (i == 0                  ? ""
                   : i + 1 < models.size() ? ", "
                                           : " and ") +
                  models[i]->contract().name + " " + models[i]->contract().version;
    return result;
}

notes what_was_done(const lesion_settings& settings, const std::string& models, const volume::geometry& grid,
                    std::size_t slices) {
    if (settings.as_published)
        return {{note_level::info, "segmented",
                 "Lesions in " + std::to_string(slices) + " slices by " + models +
                     " as published: whole slices, the class of the largest answer, no lung mask."}};
    notes result{
        {note_level::info, "segmented",
         "Lesions in " + std::to_string(slices) + " slices with lung by " + models + ", threshold " +
             four_digits(settings.threshold) + ", probabilities averaged over slices up to " +
             four_digits(settings.average_mm) + " mm away" +
             (settings.views > 1 ? " and over " + std::to_string(settings.views) + " views." : ".")}};
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
             "Pixels of " + four_digits(grid.spacing_mm[1]) + " x " + four_digits(grid.spacing_mm[2]) +
                 " mm are outside the usual 0.35 to 1.5 mm of chest CT; the model was not made for them.");
    if (grid.spacing_mm[0] > 10)
        warn("wide_slice_spacing", "Slices " + four_digits(grid.spacing_mm[0]) +
                                       " mm apart leave most of the lungs unseen; volumes are rough.");
    if (static_cast<double>(slices) * grid.spacing_mm[0] < 100)
        warn("short_lungs",
             "Only " + four_digits(static_cast<double>(slices) * grid.spacing_mm[0]) +
                 " mm of lung lie in the volume; the figures are those of a part of the lungs.");
    return result;
}

/// Every slice, and all of it.
lung_slices whole_slices(const volume::geometry& grid) {
    lung_slices result;
    for (std::size_t i = 0; i < grid.shape[0]; ++i) result.indices.push_back(i);
    result.box.size = {grid.shape[1], grid.shape[2]};
    return result;
}

} // namespace

std::string four_digits(double value) {
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%.4g", value);
    return {text.data(), static_cast<std::size_t>(std::max(0, length))};
}

notes fallback_notes(const std::vector<const segmenter*>& models) {
    for (const auto* model : models)
        if (const auto reason = model->fallback(); !reason.empty())
            return {{note_level::warning, "device_fallback",
                     "The CPU ran " + names({model}) + " in place of a CUDA device: " + reason + "."}};
    return {};
}

void check(const lesion_settings& settings, const std::string& stage) {
    const auto refuse = [&](const std::string& name, double value, const std::string& allowed) {
        throw std::invalid_argument(stage + ": " + name + " must be " + allowed + ", found " +
                                    four_digits(value));
    };
    if (settings.threads < 0 || settings.threads > 1024)
        refuse("threads", settings.threads, "0 (one for each core) or 1 to 1024");
    if (!(settings.threshold > 0 && settings.threshold <= 1))
        refuse("threshold", settings.threshold, "above 0 and at most 1");
    if (!(settings.average_mm >= 0 && settings.average_mm <= 20))
        refuse("average_mm", settings.average_mm, "0 to 20");
    if (!(settings.minimum_lesion_ml >= 0 && settings.minimum_lesion_ml <= 1000))
        refuse("minimum_lesion_ml", settings.minimum_lesion_ml, "0 to 1000");
    if (const auto views = settings.views; views != 1 && views != 2 && views != 4 && views != 8)
        refuse("views", views, "1, 2, 4 or 8");
    if (const auto edge = settings.long_edge; edge != 0 && (edge < 64 || edge > 1024))
        refuse("long_edge", static_cast<double>(edge), "0 (as the model's contract says) or 64 to 1024");
    if (settings.as_published && settings.long_edge != 0)
        refuse("long_edge", static_cast<double>(settings.long_edge), "0 with as_published");
    if (settings.as_published && settings.views != 1) refuse("views", settings.views, "1 with as_published");
    if (settings.as_published && settings.average_mm != 0)
        refuse("average_mm", settings.average_mm, "0 with as_published");
    if (settings.as_published && settings.minimum_lesion_ml != 0)
        refuse("minimum_lesion_ml", settings.minimum_lesion_ml, "0 with as_published");
}

volume::lesion_ct find_lesions(const volume::lung_ct& lungs, const lesion_settings& settings,
                               const lesion_finder& finder, const progress_function& progress) {
    const auto& ct = lungs.ct().hounsfield();
    const auto& grid = lungs.ct().grid();
    const image_size size{grid.shape[1], grid.shape[2]};

    const auto region = settings.as_published ? whole_slices(grid) : find_lungs(lungs);
    const auto& slices = region.indices;
    const auto windows = close_slices(slices, grid.spacing_mm[0], settings.average_mm);
    auto remarks = what_was_done(settings, names(finder.models), grid, slices.size());
    if (!settings.as_published)
        for (auto& doubt : assess_likeness(measure_likeness(lungs))) remarks.push_back(std::move(doubt));
    auto lesions = make_array<std::uint8_t>(grid.shape);
    array3<std::uint8_t> ground_glass;
    array3<std::uint8_t> consolidation;
    if (settings.keep_probabilities) {
        ground_glass = make_array<std::uint8_t>(grid.shape);
        consolidation = make_array<std::uint8_t>(grid.shape);
    }
    const auto keep = [&](std::size_t index, std::size_t pixel, float glass, float dense) {
        if (!settings.keep_probabilities) return;
        slice_of(ground_glass, index)[pixel] = in_255ths(glass);
        slice_of(consolidation, index)[pixel] = in_255ths(dense);
    };
    // The published flows look beyond the lungs and have no threshold that could be calibrated.
    const bool measured = !settings.as_published && !slices.empty();
    std::optional<volume_quantiles> calibration;
    std::optional<lesion_levels> levels;
    if (measured) calibration = common_calibration(finder.judges, remarks);
    if (calibration) levels.emplace(*calibration, grid.shape, slices.front(), slices.back(), region.box);
    const auto threshold = static_cast<float>(settings.threshold);
    std::vector<std::atomic<std::uint64_t>> member_voxels(measured && finder.members > 1 ? finder.members
                                                                                         : 0);

    windowed_run<slice_probabilities> work(windows);
    work.prepare_thread = &use_calling_thread_only;
    work.compute = [&](std::size_t i) {
        const auto count = [&](std::size_t member, const slice_probabilities& found) {
            if (member_voxels.empty()) return;
            std::uint64_t voxels = 0;
            for_each_lung_pixel(slice_of(lungs.lungs(), slices[i]), size.columns, region.box,
                                [&](std::size_t, std::size_t k) {
                                    voxels += found.ground_glass[k] + found.consolidation[k] >= threshold;
                                });
            member_voxels[member] += voxels;
        };
        return finder.run(slice_of(ct, slices[i]), size, region.box, count);
    };
    work.combine = [&](std::size_t i, std::span<const std::unique_ptr<const slice_probabilities>> results) {
        const auto labels = slice_of(lesions, slices[i]);
        if (settings.as_published) {
            const auto& found = *results[i];
            std::copy(found.labels.begin(), found.labels.end(), labels.begin());
            for (std::size_t pixel = 0; pixel < labels.size(); ++pixel)
                keep(slices[i], pixel, found.ground_glass[pixel], found.consolidation[pixel]);
            return;
        }
        slice_mean mean(lungs, region.box);
        for (auto k = windows[i].first; k <= windows[i].last; ++k) mean.add(*results[k], slices[k]);
        mean.for_each(slices[i], [&](std::size_t pixel, float glass, float dense) {
            labels[pixel] = static_cast<std::uint8_t>(label_of(glass, dense, threshold));
            if (levels) levels->add(slices[i], pixel, glass, dense);
            keep(slices[i], pixel, glass, dense);
        });
    };

    const auto threads = settings.threads == 0 ? usable_cores() : static_cast<std::size_t>(settings.threads);
    const auto tell = [&](std::size_t done) { return !progress || progress(done, slices.size()); };
    if (!work(threads, tell)) throw cancelled();

    for (const auto& each : fallback_notes(finder.models)) remarks.push_back(each);
    if (settings.minimum_lesion_ml > 0)
        drop_small(lesions, settings.minimum_lesion_ml, grid.voxel_ml(), remarks);
    auto doubt = std::make_shared<volume::lesion_uncertainty>();
    if (levels) {
        doubt->levels = calibration->levels;
        doubt->first_level = shared(levels->finish(settings.minimum_lesion_ml, grid.voxel_ml()));
    }
    doubt->member_voxels.assign(member_voxels.begin(), member_voxels.end());
    if (!levels && member_voxels.empty()) doubt = nullptr;
    if (!settings.keep_probabilities)
        return {lungs, std::move(lesions), std::move(remarks), {}, {}, std::move(doubt)};
    return {lungs,
            std::move(lesions),
            std::move(remarks),
            shared(std::move(ground_glass)),
            shared(std::move(consolidation)),
            std::move(doubt)};
}

} // namespace groundglass::segmentation::detail
