#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace groundglass::statistics {

/// How often two raters, or truth and prediction, gave each pair of whole numbers to a case.
struct pair_counts {
    std::int64_t first_low = 0;  ///< what row 0 counts
    std::int64_t second_low = 0; ///< what column 0 counts
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<std::uint64_t> counts; ///< by row, then by column
    friend bool operator==(const pair_counts&, const pair_counts&) = default;
};

/// Counts the cases, one of `first` and one of `second` each. None where the numbers lie so far apart that
/// the table would have more than 65 536 cells. Throws `std::invalid_argument` for spans of different length
/// or none. O(n + cells): one pass where all numbers lie in 0..63, else two.
[[nodiscard]] std::optional<pair_counts> count_pairs(std::span<const std::int64_t> first,
                                                     std::span<const std::int64_t> second);

} // namespace groundglass::statistics

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/pair_counts.hpp>
#endif
