#pragma once

#include <groundglass/config.hpp>
#include <groundglass/lungs/body_middle.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace groundglass::lungs {

GROUNDGLASS_INLINE body_middle middle_of_body(const volume::ct_volume& ct, std::size_t first,
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
