#pragma once

#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/label_map.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace groundglass::lungs {

/// How much a label map holds of one value, and where.
struct label_place {
    std::size_t value = 0;
    std::size_t voxels = 0;
    /// Mean slice, row and column of those that were looked at.
    volume::vector3 centre{};

    friend bool operator==(const label_place&, const label_place&) = default;
};

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
    for (const auto& place : places) values.push_back(place.value);
    return values;
}

} // namespace detail

/// The values of a label map but 0, ascending, each with its place. One pass over the map; 32 bytes for each
/// value of the number type.
template <volume::label_value T>
[[nodiscard]] std::vector<label_place> label_places(const array3<T>& labels) {
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

/// Whether it is only assumed how the CT's axes lie in the patient, so that no side is certain.
[[nodiscard]] inline bool sides_are_assumed(const volume::ct_volume& ct) {
    for (const auto& remark : ct.remarks())
        if (remark.code == "orientation_assumed") return true;
    return false;
}

} // namespace groundglass::lungs
