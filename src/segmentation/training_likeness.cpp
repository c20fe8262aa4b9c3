#include <groundglass/segmentation/training_likeness.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::segmentation {
namespace {

constexpr std::int16_t body_hu = -250, least_bone_hu = 250, most_bone_hu = 1800, metal_hu = 2500;
/// Tissue whose neighbours tell of noise.
constexpr std::int16_t least_noisy_hu = -300, most_noisy_hu = 400;
constexpr double middle_mm = 40;
constexpr std::size_t largest_difference = 8192;

/// First and last index with lung along each axis.
struct lung_box {
    std::array<std::size_t, 3> first{}, last{};
    double voxels = 0;
    double mean_row = 0;
};

lung_box box_of(const volume::lung_ct& lungs) {
    const auto& shape = lungs.ct().grid().shape;
    lung_box box{{shape[0], shape[1], shape[2]}, {}, 0, 0};
    for (std::size_t z = 0; z < shape[0]; ++z)
        for (std::size_t y = 0; y < shape[1]; ++y) {
            const auto row = slice_of(lungs.lungs(), z).subspan(y * shape[2], shape[2]);
            const auto held = row.size() - static_cast<std::size_t>(std::count(row.begin(), row.end(), 0));
            if (held == 0) continue;
            const auto is_lung = [](std::uint8_t label) { return label != 0; };
            const auto left = std::find_if(row.begin(), row.end(), is_lung) - row.begin();
            const auto right = row.rend() - std::find_if(row.rbegin(), row.rend(), is_lung) - 1;
            box.first = {std::min(box.first[0], z), std::min(box.first[1], y),
                         std::min(box.first[2], static_cast<std::size_t>(left))};
            box.last = {std::max(box.last[0], z), std::max(box.last[1], y),
                        std::max(box.last[2], static_cast<std::size_t>(right))};
            box.voxels += static_cast<double>(held);
            box.mean_row += static_cast<double>(held) * static_cast<double>(y);
        }
    if (box.voxels > 0) box.mean_row /= box.voxels;
    return box;
}

/// What is counted on the way through the voxels.
struct counts {
    std::vector<std::size_t> differences = std::vector<std::size_t>(largest_difference);
    double tissue = 0, expected = 0, bone = 0, bone_rows = 0, metal = 0;
};

/// Second differences of a row's tissue outside the lungs.
void add_noise(const std::int16_t* hu, const std::uint8_t* label, std::size_t columns, counts& found) {
    for (std::size_t x = 1; x + 1 < columns; ++x) {
        if (label[x] != 0 || hu[x] <= least_noisy_hu || hu[x] >= most_noisy_hu) continue;
        const int difference = std::abs(int{hu[x - 1]} - 2 * int{hu[x]} + int{hu[x + 1]});
        ++found.differences[std::min(static_cast<std::size_t>(difference), largest_difference - 1)];
    }
}

double median(const std::vector<std::size_t>& histogram) {
    std::size_t total = 0;
    for (const std::size_t count : histogram) total += count;
    std::size_t below = 0;
    for (std::size_t value = 0; value < histogram.size(); ++value) {
        below += histogram[value];
        if (2 * below > total) return static_cast<double>(value);
    }
    return 0;
}

std::string number(double value, const char* format = "%.0f") {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

/// Each measure's place between what is usual, 0, and its limit, 1; and what it says beyond. A place that is
/// no number says nothing.
std::array<std::pair<double, std::string>, 5> judged(const likeness_measures& found,
                                                     const likeness_limits& limits) {
    // Usual values, of the CTs that the limits were set by.
    constexpr double usual_share = 0.7, usual_spine = 0.2;
    return {{{found.slice_mm / limits.thickest_slice_mm,
              "slices are " + number(found.slice_mm, "%.1f") + " mm apart"},
             {found.noise_hu / limits.most_noise_hu, "noise is " + number(found.noise_hu) + " HU"},
             {(usual_share - found.tissue_share) / (usual_share - limits.least_tissue_share),
              "only " + number(100 * found.tissue_share) +
                  " % of the tissue has HU of fat or muscle, as if it were no CT or on another scale"},
             {(usual_spine - found.spine_offset) / (usual_spine - limits.least_spine_offset),
              "the spine does not lie behind the lungs, as if front and back were exchanged"},
             {found.metal_ml / limits.most_metal_ml,
              number(found.metal_ml, "%.1f") + " ml of metal lie in the chest"}}};
}

} // namespace

likeness_measures measure_likeness(const volume::lung_ct& lungs) {
    const auto box = box_of(lungs);
    if (box.voxels == 0) return {};
    const auto& grid = lungs.ct().grid();
    const std::size_t columns = grid.shape[2];
    const double middle = 0.5 * static_cast<double>(box.first[2] + box.last[2]);
    const double reach = middle_mm / grid.spacing_mm[2];
    counts found;
    constexpr std::size_t row_step = 2;
    for (std::size_t z = box.first[0]; z <= box.last[0]; ++z) {
        const auto slice = slice_of(lungs.ct().hounsfield(), z);
        const auto labels = slice_of(lungs.lungs(), z);
        for (std::size_t y = 0; y < grid.shape[1]; y += row_step) {
            const std::int16_t* hu = slice.data() + y * columns;
            const std::uint8_t* label = labels.data() + y * columns;
            add_noise(hu, label, columns, found);
            if (y < box.first[1] || y > box.last[1]) continue;
            for (std::size_t x = box.first[2]; x <= box.last[2]; ++x) {
                if (label[x] != 0 || hu[x] <= body_hu) continue;
                ++found.tissue;
                if ((hu[x] >= -140 && hu[x] < -60) || (hu[x] >= 0 && hu[x] < 90)) ++found.expected;
                if (hu[x] > least_bone_hu && hu[x] < most_bone_hu &&
                    std::abs(static_cast<double>(x) - middle) <= reach) {
                    ++found.bone;
                    found.bone_rows += static_cast<double>(y);
                }
                if (hu[x] > metal_hu) ++found.metal;
            }
        }
    }
    const auto depth = static_cast<double>(box.last[1] - box.first[1] + 1);
    likeness_measures result;
    result.slice_mm = grid.spacing_mm[0];
    result.noise_hu = 1.4826 * median(found.differences) / std::sqrt(6.0);
    if (found.tissue > 0) result.tissue_share = found.expected / found.tissue;
    result.spine_offset = found.bone > 0 ? (found.bone_rows / found.bone - box.mean_row) / depth
                                         : std::numeric_limits<double>::quiet_NaN();
    result.metal_ml = found.metal * row_step * grid.voxel_ml();
    return result;
}

double unlikeness(const likeness_measures& measures, const likeness_limits& limits) {
    double most = 0;
    if (measures.slice_mm == 0) return most;
    for (const auto& [place, words] : judged(measures, limits)) most = place > most ? place : most;
    return most;
}

notes assess_likeness(const likeness_measures& measures, const likeness_limits& limits) {
    if (measures.slice_mm == 0) return {};
    std::string reasons;
    for (const auto& [place, words] : judged(measures, limits))
        if (place > 1) reasons += (reasons.empty() ? "" : "; ") + words;
    if (reasons.empty()) return {};
    return {
        {note_level::warning, "unlike_training",
         "The study is unlike those that the networks learned from, so the result may be wrong beyond its "
         "interval: " +
             reasons + "."}};
}

} // namespace groundglass::segmentation
