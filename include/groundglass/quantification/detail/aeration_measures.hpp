#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/aeration_measures.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

namespace groundglass::quantification {

namespace detail {

/// Counts and sums over the voxels of one part of the lungs, all of them integers.
struct aeration_counts {
    std::array<std::uint64_t, 5> compartments{};
    std::uint64_t below_950 = 0, below_910 = 0;
    std::uint64_t gas = 0, tissue = 0; ///< thousandths of a voxel, mg in a voxel's ml

    aeration_counts(const hounsfield_histogram& lung, const aeration_bands& bands) {
        lung.visit([&](int hu, std::uint64_t count) {
            const std::size_t place = hu > bands[3]    ? 4
                                      : hu >= bands[2] ? 3
                                      : hu >= bands[1] ? 2
                                      : hu >= bands[0] ? 1
                                                       : 0;
            compartments[place] += count;
            if (hu < -950) below_950 += count;
            if (hu < -910) below_910 += count;
            gas += count * static_cast<std::uint64_t>(std::clamp(-hu, 0, 1000));
            tissue += count * static_cast<std::uint64_t>(std::max(hu + 1000, 0));
        });
    }
};

} // namespace detail

GROUNDGLASS_INLINE void check_bands(const aeration_bands& bands) {
    bool right = bands.front() >= -1024 && bands.back() <= 3071;
    for (std::size_t i = 1; i < bands.size(); ++i) right = right && bands[i - 1] < bands[i];
    if (right) return;
    std::string found;
    for (const int edge : bands) found += (found.empty() ? "" : ", ") + std::to_string(edge);
    throw std::invalid_argument(
        "aeration: the bands' edges must rise and lie within -1024 to 3071 HU, found " + found);
}

GROUNDGLASS_INLINE aeration_measures measures_of(const hounsfield_histogram& lung, double voxel_ml,
                                                 const aeration_bands& bands) {
    check_bands(bands);
    const detail::aeration_counts counts(lung, bands);
    const auto sums = lung.sums();
    const auto statistics = sums.statistics();
    const bool empty = sums.count == 0;
    constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
    const auto ml = [&](std::uint64_t voxels) { return static_cast<double>(voxels) * voxel_ml; };
    const auto percent = [&](std::uint64_t voxels) {
        return empty ? nothing : 100.0 * static_cast<double>(voxels) / static_cast<double>(sums.count);
    };
    const auto& [hyperinflated, normally, poorly, non_aerated, denser] = counts.compartments;
    return {.lung_ml = ml(sums.count),
            .hyperinflated_ml = ml(hyperinflated),
            .normally_aerated_ml = ml(normally),
            .poorly_aerated_ml = ml(poorly),
            .non_aerated_ml = ml(non_aerated),
            .denser_ml = ml(denser),
            .hyperinflated_percent = percent(hyperinflated),
            .normally_aerated_percent = percent(normally),
            .poorly_aerated_percent = percent(poorly),
            .non_aerated_percent = percent(non_aerated),
            .denser_percent = percent(denser),
            .low_attenuation_950_percent = percent(counts.below_950),
            .low_attenuation_910_percent = percent(counts.below_910),
            .perc15_hu = empty ? nothing : static_cast<double>(lung.percentile(15)),
            .mean_hu = statistics.mean,
            .sd_hu = statistics.sd,
            .gas_ml = ml(counts.gas) / 1000,
            .lung_mass_g = ml(counts.tissue) / 1000,
            .air_tissue_ratio = counts.tissue == 0
                                    ? nothing
                                    : static_cast<double>(counts.gas) / static_cast<double>(counts.tissue)};
}

} // namespace groundglass::quantification
