#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/pair_counts.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::statistics {

namespace detail {

/// The table of numbers in 0..63; none where there is another.
[[nodiscard]] inline std::optional<pair_counts> count_small_pairs(std::span<const std::int64_t> first,
                                                                  std::span<const std::int64_t> second) {
    constexpr std::size_t side = 64, block = 2048;
    // Neighbouring cases are often alike, and adding to one cell has to wait for the addition before.
    std::vector<std::array<std::uint64_t, 2>> counts(side * side);
    for (std::size_t start = 0; start < first.size(); start += block) {
        const std::size_t stop = std::min(start + block, first.size());
        std::uint64_t bits = 0;
        for (std::size_t i = start; i < stop; ++i)
            bits |= static_cast<std::uint64_t>(first[i]) | static_cast<std::uint64_t>(second[i]);
        if (bits >= side) return std::nullopt;
        for (std::size_t i = start; i < stop; ++i)
            ++counts[static_cast<std::size_t>(first[i]) * side + static_cast<std::size_t>(second[i])][i % 2];
    }
    pair_counts result{0, 0, side, side, std::vector<std::uint64_t>(side * side)};
    for (std::size_t cell = 0; cell < counts.size(); ++cell)
        result.counts[cell] = counts[cell][0] + counts[cell][1];
    return result;
}

} // namespace detail

GROUNDGLASS_INLINE std::optional<pair_counts> count_pairs(std::span<const std::int64_t> first,
                                                          std::span<const std::int64_t> second) {
    if (first.size() != second.size())
        throw std::invalid_argument("count_pairs: the columns differ in length, " +
                                    std::to_string(first.size()) + " and " + std::to_string(second.size()));
    if (first.empty()) throw std::invalid_argument("count_pairs: no cases");
    if (auto small = detail::count_small_pairs(first, second)) return small;
    const auto [first_low, first_high] = std::minmax_element(first.begin(), first.end());
    const auto [second_low, second_high] = std::minmax_element(second.begin(), second.end());
    constexpr std::uint64_t most = 65'536;
    const auto reach = [](std::int64_t low, std::int64_t high) { // one less than the cells, which can't wrap
        return static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    };
    const std::uint64_t row_reach = reach(*first_low, *first_high);
    const std::uint64_t column_reach = reach(*second_low, *second_high);
    if (row_reach >= most || column_reach >= most || (row_reach + 1) * (column_reach + 1) > most)
        return std::nullopt;
    const auto rows = static_cast<std::size_t>(row_reach) + 1;
    const auto columns = static_cast<std::size_t>(column_reach) + 1;
    pair_counts result{*first_low, *second_low, rows, columns, std::vector<std::uint64_t>(rows * columns)};
    for (std::size_t i = 0; i < first.size(); ++i)
        ++result.counts[static_cast<std::size_t>(reach(*first_low, first[i])) * columns +
                        static_cast<std::size_t>(reach(*second_low, second[i]))];
    return result;
}

} // namespace groundglass::statistics
