#pragma once

#include <groundglass/config.hpp>
#include <groundglass/lungs/label_places.hpp>
#include <groundglass/note.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace groundglass::lungs {

namespace detail {

/// Calls `f(slice, row, begin, end, value)` for each run of one value but 0 in a row.
template <class T, class F>
void for_each_label_run(const array3<T>& labels, F f) {
    const auto shape = shape_of(labels);
    const auto* row_start = flat(labels).data();
    for (std::size_t s = 0; s < shape[0]; ++s)
        for (std::size_t r = 0; r < shape[1]; ++r, row_start += shape[2])
            for (std::size_t begin = 0, end = 0; begin < shape[2]; begin = end) {
                const T value = row_start[begin];
                for (end = begin + 1; end < shape[2] && row_start[end] == value; ++end) {
                }
                if (value != 0) f(s, r, begin, end, value);
            }
}

/// "1, 2 and 3", at most eight of them.
inline std::string listed(const std::vector<std::size_t>& values) {
    constexpr std::size_t most = 8;
    std::string text;
    for (std::size_t i = 0; i < std::min(values.size(), most); ++i) {
        if (i > 0) text += i + 1 == values.size() ? " and " : ", ";
        text += std::to_string(values[i]);
    }
    return values.size() > most ? text + ", ... (" + std::to_string(values.size()) + " in all)" : text;
}

inline std::vector<std::size_t> values_of(const std::vector<label_place>& places) {
    std::vector<std::size_t> values;
    values.reserve(places.size());
    for (const auto& place : places) values.push_back(place.value);
    return values;
}

} // namespace detail

template <volume::label_value T>
std::vector<label_place> label_places(const array3<T>& labels) {
    constexpr std::size_t count = std::size_t{std::numeric_limits<T>::max()} + 1;
    struct sums {
        std::uint64_t voxels = 0, slice = 0, row = 0, twice_column = 0;
    };
    std::vector<sums> found(count);
    detail::for_each_label_run(
        labels, [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end, T value) {
            auto& sum = found[value];
            const auto length = static_cast<std::uint64_t>(end - begin);
            sum.voxels += length;
            sum.slice += length * slice;
            sum.row += length * row;
            sum.twice_column += length * (begin + end - 1);
        });
    std::vector<label_place> places;
    for (std::size_t value = 1; value < count; ++value) {
        const auto& sum = found[value];
        if (sum.voxels == 0) continue;
        const auto n = static_cast<double>(sum.voxels);
        places.push_back({value,
                          static_cast<std::size_t>(sum.voxels),
                          {static_cast<double>(sum.slice) / n, static_cast<double>(sum.row) / n,
                           0.5 * static_cast<double>(sum.twice_column) / n}});
    }
    return places;
}

GROUNDGLASS_INLINE bool sides_are_assumed(const volume::ct_volume& ct) {
    return std::ranges::any_of(ct.notes(), [](const note& one) { return one.code == "orientation_assumed"; });
}

} // namespace groundglass::lungs
