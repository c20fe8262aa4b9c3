#pragma once

#include <groundglass/statistics/cohort.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace groundglass::statistics {

/// How many patients of each of two classes fall into each interval.
struct interval_counts {
    std::vector<std::size_t> positive; ///< per interval, with the finding (severe, extensive, …)
    std::vector<std::size_t> negative; ///< per interval, without it
    std::size_t positive_outside = 0;  ///< beyond the outer edges
    std::size_t negative_outside = 0;
    friend bool operator==(const interval_counts&, const interval_counts&) = default;
};

/// 0, 0.01, …, `last` / 100, each the double nearest to its decimal: steps of 0.01 added up would not be.
/// Throws `std::invalid_argument` for a last outside 1..1000000.
[[nodiscard]] std::vector<double> percent_edges(std::size_t last = 100);

/// Throws `std::invalid_argument` for fewer than two edges, or edges that do not ascend or are not finite.
void check_edges(std::span<const double> edges);

/// The interval that holds `value`: half-open [a, b), the last closed; `edges.size()` beyond the outer edges
/// and for NaN. By comparison with the edges themselves, O(log n), so 0.29, 0.57 and 0.58 are in the
/// intervals that begin there, where a truncated 100 · value (28.999…) misses them. `edges` ascend; throws
/// `std::invalid_argument` for fewer than two.
[[nodiscard]] std::size_t interval_of(double value, std::span<const double> edges);

/// Counts labelled fractions; `labels` are 1 (positive) and 0. O(n log edges). Throws `std::invalid_argument`
/// as `check_cohort` and `check_edges` do, for another label, and for a class without a patient.
[[nodiscard]] interval_counts count_intervals(std::span<const double> fractions,
                                              std::span<const std::uint8_t> labels,
                                              std::span<const double> edges);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using statistics::check_edges;
using statistics::count_intervals;
using interval_counts [[deprecated("groundglass::statistics::interval_counts")]] =
    statistics::interval_counts;
using statistics::interval_of;
using statistics::percent_edges;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/interval_counts.hpp>
#endif
