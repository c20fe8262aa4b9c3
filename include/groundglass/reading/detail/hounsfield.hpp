#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/hounsfield.hpp>
#include <groundglass/reading/wording.hpp>

#include <string>
#include <vector>

namespace groundglass::reading {

namespace detail {

/// Counts of int16 values over an even sample of at most about four million voxels: peaks need no more.
class intensity_histogram {
public:
    explicit intensity_histogram(std::span<const std::int16_t> values) : bins_(65536, 0) {
        // Odd, so that it does not march in step with rows of 512.
        const std::size_t stride = (values.size() / 4'000'000) | 1;
        for (std::size_t i = 0; i < values.size(); i += stride, ++total_) ++bins_[index(values[i])];
    }

    /// Share of voxels in `[low, high]`.
    [[nodiscard]] double share(int low, int high) const {
        std::uint64_t sum = 0;
        for (int v = std::max(low, -32768); v <= std::min(high, 32767); ++v) sum += bins_[index(v)];
        return static_cast<double>(sum) / static_cast<double>(std::max<std::uint64_t>(total_, 1));
    }

    /// Commonest value of `[low, high]`, over a box of 5; `without` is left out of the count.
    [[nodiscard]] int peak(int low, int high, int without = 40000) const {
        int best = low;
        std::uint64_t most = 0;
        for (int v = low; v <= high; ++v) {
            std::uint64_t sum = 0;
            for (int w = std::max(v - 2, -32768); w <= std::min(v + 2, 32767); ++w)
                if (w != without) sum += bins_[index(w)];
            if (sum > most) most = sum, best = v;
        }
        return best;
    }

private:
    static std::size_t index(int value) { return static_cast<std::size_t>(std::int64_t{value} + 32768); }
    std::vector<std::uint32_t> bins_;
    std::uint64_t total_ = 0;
};

inline std::string percent(double share) { return decimal(100 * share, share < 0.01 ? 2 : 1) + " %"; }

/// By how much values without anything dark lie above HU: 1024 or 1000. Throws where that can't be told.
inline int offset_of(const intensity_histogram& histogram, double lowest) {
    const std::string found = "no voxel is darker than fat, so these are no Hounsfield units (values " +
                              decimal(lowest, 0) + " upwards";
    // Air within 60 of 0 and soft tissue (0..120 HU) within 974..1144.
    if (histogram.share(-60, 144) < 0.01 || histogram.share(974, 1144) < 0.02)
        throw format_error(found + "); CT values in HU are needed, air near -1000 and soft tissue near 40");
    // Values cut at the scale's floor pile up at 0 and hide where air lies.
    const int air = histogram.peak(-60, 80, lowest == 0 ? 0 : 40000);
    if (air >= 12 && air <= 60) return 1024;
    if (lowest < 0 && std::abs(air) < 12) return 1000;
    throw format_error(found + ", air near " + std::to_string(air) +
                       "): an offset of 1000 or 1024, which can't be told apart; subtract it before reading");
}

} // namespace detail

GROUNDGLASS_INLINE notes check_hounsfield(std::span<std::int16_t> values, const intensity_summary& seen) {
    using detail::percent;
    const auto share_of = [&](std::uint64_t n) {
        return static_cast<double>(n) / static_cast<double>(seen.count);
    };
    const std::string range = "values from " + decimal(seen.lowest) + " to " + decimal(seen.highest);
    notes remarks;
    if (values.empty() || seen.count == 0) throw format_error("the volume is empty");
    if (share_of(seen.not_finite) > 0.5)
        throw format_error(percent(share_of(seen.not_finite)) + " of the voxels are not a number");
    if (seen.lowest == seen.highest)
        throw format_error("every voxel holds the value " + decimal(seen.lowest) + ": there is no image");
    if (seen.lowest >= -1.01 && seen.highest <= 1.01)
        throw format_error(range + ": a normalised image or a mask, not Hounsfield units; give the CT before "
                                   "normalisation");
    if (seen.lowest >= 0 && seen.highest <= 255)
        throw format_error(range +
                           ": an 8-bit image or a label map, not Hounsfield units; give the CT itself");
    if (seen.highest - seen.lowest < 200)
        throw format_error(range + ": too narrow for Hounsfield units; give the CT before normalisation");
    if (share_of(seen.out_of_range) > 0.001)
        throw format_error(range + ": beyond Hounsfield units, as when signed values are read as unsigned");

    if (seen.not_finite > 0)
        remarks.push_back(
            {note_level::warning, "not_a_number",
             percent(share_of(seen.not_finite)) + " of the voxels were not a number and count as air."});
    if (seen.out_of_range > 0)
        remarks.push_back(
            {note_level::info, "saturated",
             std::to_string(seen.out_of_range) + " voxels beyond 16 bits were cut to their range."});

    detail::intensity_histogram histogram(values);
    if (histogram.share(-1100, -61) < 0.001) {
        const int offset = detail::offset_of(histogram, seen.lowest);
        for (auto& value : values)
            value = static_cast<std::int16_t>(std::max(static_cast<int>(value) - offset, -32768));
        histogram = detail::intensity_histogram(values);
        remarks.push_back(
            {note_level::warning, "offset_subtracted",
             "Values lay " + std::to_string(offset) + " above Hounsfield units, which was subtracted."});
    }
    if (histogram.share(-50, 120) < 0.005)
        throw format_error(
            "hardly a voxel lies near 0 to 80 HU, where soft tissue is, and the commonest value is " +
            std::to_string(histogram.peak(-32768, 32767)) +
            "; the rescale of these values to HU is missing or wrong");

    std::uint64_t padding = 0;
    for (auto& value : values) {
        padding += value < lowest_hounsfield;
        value = std::max(value, lowest_hounsfield);
    }
    if (padding > 0)
        remarks.push_back({note_level::info, "padding",
                           percent(share_of(padding)) + " of the voxels lay below -1024 HU, down to " +
                               decimal(seen.lowest, 0) + ", and were set to -1024."});
    // Even lungs breathed out and ill all over hold voxels below -650 HU.
    if (histogram.share(-1024, -650) < 0.005)
        remarks.push_back(
            {note_level::warning, "no_lung_air",
             "Hardly a voxel is as dark as a lung or as air (below -650 HU): a CT without lungs, or "
             "values that were rescaled."});
    return remarks;
}

} // namespace groundglass::reading
