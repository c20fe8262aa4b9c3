#pragma once

#include <groundglass/volume/components.hpp>
#include <groundglass/volume/morphology.hpp>

#include <array>
#include <cmath>
#include <cstdint>

namespace groundglass::lungs {

/// The value that parts a picture's dark from its bright best, by the variance between both over 256 bins
/// from the least to the greatest value. Values up to it are dark; a constant picture is dark throughout.
/// Throws `std::invalid_argument` for no values and for values that are not finite. Method: Otsu, A threshold
/// selection method from gray-level histograms, IEEE Transactions on Systems, Man, and Cybernetics 9
/// (1979) 62.
template <class T>
[[nodiscard]] double otsu_threshold(std::span<const T> values) {
    if (values.empty()) throw std::invalid_argument("otsu_threshold: there are no values");
    for (const T value : values)
        if (!std::isfinite(static_cast<double>(value)))
            throw std::invalid_argument("otsu_threshold: a value is not finite");
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    if (*least == *greatest) return static_cast<double>(*least);
    // A power of two leaves all as it is, but for values whose differences a double does not hold.
    const auto largest =
        std::max(std::abs(static_cast<double>(*least)), std::abs(static_cast<double>(*greatest)));
    const int exponent = std::ilogb(largest);
    const auto scaled = [=](T value) { return std::scalbn(static_cast<double>(value), -1 - exponent); };
    const double low = scaled(*least);
    const double width = (scaled(*greatest) - low) / 255;
    const auto bin_of = [=](T value) { return volume::whole_up_to((scaled(value) - low) / width, 255); };
    std::array<double, 256> count{};
    for (const T value : values) ++count[bin_of(value)];
    double sum = 0;
    for (std::size_t i = 0; i < count.size(); ++i) sum += static_cast<double>(i) * count[i];
    const auto n = static_cast<double>(values.size());
    double below = 0;
    double below_sum = 0;
    double most = -1;
    std::size_t best = 0;
    for (std::size_t i = 0; i + 1 < count.size(); ++i) {
        below += count[i];
        below_sum += static_cast<double>(i) * count[i];
        const double apart = sum * below / n - below_sum;
        const double between = below < n ? apart * apart / (below * (n - below)) : 0;
        if (between > most) {
            most = between;
            best = i;
        }
    }
    // A bin's values are below its upper end; the greatest that belongs to it counts.
    auto threshold = static_cast<double>(*least);
    for (const T value : values)
        if (bin_of(value) <= best) threshold = std::max(threshold, static_cast<double>(value));
    return threshold;
}

/// The air beside the patient in one picture of `(rows, columns)`: dark regions that hold a corner of the
/// picture, or lie along its edge with more pixels than half the root of their area and are small. A lung
/// that the picture's edge cuts is larger, and stays.
template <class T>
[[nodiscard]] volume::bit_mask air_beside_patient(std::span<const T> values, std::size_t rows,
                                                  std::size_t columns) {
    constexpr double along_edge = 0.5;
    constexpr double large = 0.05; // of the picture
    auto picture = make_array<T>({1, rows, columns});
    std::copy(values.begin(), values.end(), flat(picture).begin());
    const double threshold = otsu_threshold(values);
    const auto dark =
        volume::mask_where(picture, [=](T value) { return static_cast<double>(value) <= threshold; });
    const volume::components parts(dark, volume::connectivity::faces_in_slice);
    std::vector<std::size_t> edge(parts.size());
    std::vector<char> corner(parts.size());
    parts.visit_runs([&](std::size_t, std::size_t row, std::size_t begin, std::size_t end, std::size_t i) {
        const bool left = begin == 0;
        const bool right = end == columns;
        const bool outer_row = row == 0 || row + 1 == rows;
        edge[i] += outer_row ? end - begin : std::size_t{left} + std::size_t{right};
        if (outer_row && (left || right)) corner[i] = 1;
    });
    return parts.select([&](std::size_t i) {
        const auto area = static_cast<double>(parts[i].voxels);
        return corner[i] != 0 || (static_cast<double>(edge[i]) > along_edge * std::sqrt(area) &&
                                  area < large * static_cast<double>(rows * columns));
    });
}

/// Lungs found in one picture without those parts that lie beside the patient: what is in `beside` goes, and
/// so do the scraps that are left of it, clothes and tubes, which lie mostly within a hundredth of the
/// picture's longer edge, two pixels at least, from it. Both masks are one slice of the same shape.
[[nodiscard]] inline volume::bit_mask without_beside(const volume::bit_mask& lungs,
                                                     const volume::bit_mask& beside) {
    const auto longer = static_cast<double>(std::max(lungs.shape()[1], lungs.shape()[2]));
    const auto near =
        volume::dilate(beside, volume::ball::disc(std::max(2.0, std::round(longer / 100)), {1, 1, 1}));
    const volume::components parts(lungs - beside, volume::connectivity::all_in_slice);
    std::vector<std::size_t> close(parts.size());
    parts.visit_runs([&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end,
                         std::size_t i) { close[i] += volume::count_in(near.row(slice, row), begin, end); });
    return parts.select([&](std::size_t i) { return 2 * close[i] <= parts[i].voxels; });
}

} // namespace groundglass::lungs
