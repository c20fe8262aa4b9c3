#pragma once

#include <groundglass/statistics/bounds.hpp>
#include <groundglass/statistics/exact_sum.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace groundglass::statistics {

/// Neighbours that share one value of a monotone fit.
struct isotonic_block {
    std::size_t first = 0; ///< index of its first value
    std::size_t count = 0;
    double value = 0;  ///< their weighted mean
    double weight = 0; ///< their weights' sum; infinite where that is beyond the largest double
};

/// The blocks of the non-descending series nearest to `values` in weighted least squares, by pooling adjacent
/// violators (Barlow et al. 1972). Without weights all weigh 1. A block's value is its exact mean, rounded,
/// for values and weights of any magnitude. O(n). Throws `std::invalid_argument` for values that are not
/// finite, weights that are not positive, or another number of weights than values.
[[nodiscard]] std::vector<isotonic_block> isotonic_blocks(std::span<const double> values,
                                                          std::span<const double> weights = {});

/// The non-descending series itself, as long as `values`. For a descending one hand over the values reversed.
/// Cost and errors as of `isotonic_blocks`.
[[nodiscard]] std::vector<double> isotonic_regression(std::span<const double> values,
                                                      std::span<const double> weights = {});

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using isotonic_block [[deprecated("groundglass::statistics::isotonic_block")]] = statistics::isotonic_block;
using statistics::isotonic_blocks;
using statistics::isotonic_regression;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/isotonic.hpp>
#endif
