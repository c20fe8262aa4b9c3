#pragma once

#include <groundglass/volume/ct_volume.hpp>

#include <algorithm>
#include <vector>

namespace groundglass::lungs {

/// Where the middle of a body lies across the slices, in columns, and how wide it is.
struct body_middle {
    double column = 0;
    double width = 0;
};

/// The column that halves the body in the slices from `first` to `last`, both of them in.
///
/// Each row is filled between its outermost tissue, above -300 HU, so that air and opacity in a lung count
/// alike and the missing of one lung moves nothing. Width is that of nine tenths of the body. Without any
/// tissue both are those of the image. Throws `std::out_of_range` for slices beyond the volume. Cost: one
/// pass over what lies around the body.
[[nodiscard]] inline body_middle middle_of_body(const volume::ct_volume& ct, std::size_t first,
                                                std::size_t last) {
    constexpr std::int16_t tissue_hu = -300;
    const auto& shape = ct.grid().shape;
    if (first > last || last >= shape[0]) throw std::out_of_range("middle_of_body: no such slices");
    std::vector<std::int64_t> steps(shape[2] + 1);
    for (std::size_t s = first; s <= last; ++s) {
        const auto values = slice_of(ct.hounsfield(), s);
        for (std::size_t r = 0; r < shape[1]; ++r) {
            const auto row = values.subspan(r * shape[2], shape[2]);
            const auto is_tissue = [](std::int16_t v) { return v > tissue_hu; };
            const auto begin = std::find_if(row.begin(), row.end(), is_tissue);
            if (begin == row.end()) continue;
            const auto end = std::find_if(row.rbegin(), row.rend(), is_tissue).base();
            ++steps[static_cast<std::size_t>(begin - row.begin())];
            --steps[static_cast<std::size_t>(end - row.begin())];
        }
    }
    double all = 0;
    std::vector<double> below{0};
    std::int64_t here = 0;
    for (std::size_t column = 0; column < shape[2]; ++column) {
        here += steps[column];
        below.push_back(all += static_cast<double>(here));
    }
    const auto size = static_cast<double>(shape[2]);
    if (all == 0) return {0.5 * (size - 1), size};
    const auto at = [&](double share) {
        const auto next = std::lower_bound(below.begin(), below.end(), share * all);
        const auto k = std::max<std::ptrdiff_t>(1, next - below.begin());
        const double from = below[static_cast<std::size_t>(k - 1)], to = below[static_cast<std::size_t>(k)];
        return static_cast<double>(k - 1) + (to > from ? (share * all - from) / (to - from) : 0) - 0.5;
    };
    return {at(0.5), at(0.95) - at(0.05)};
}

} // namespace groundglass::lungs
