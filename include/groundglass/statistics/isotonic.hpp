#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass {

/// Neighbours that share one value of a monotone fit.
struct isotonic_block {
    std::size_t first = 0; ///< index of its first value
    std::size_t count = 0;
    double value = 0;  ///< their weighted mean
    double weight = 0; ///< their weights' sum
};

/// The blocks of the non-descending series nearest to `values` in weighted least squares, by pooling adjacent
/// violators (Barlow et al. 1972). Without weights all weigh 1. O(n). Throws `std::invalid_argument` for
/// values that are not finite, weights that are not positive, or another number of weights than values.
[[nodiscard]] inline std::vector<isotonic_block> isotonic_blocks(std::span<const double> values,
                                                                 std::span<const double> weights = {}) {
    if (!weights.empty() && weights.size() != values.size())
        throw std::invalid_argument("isotonic_regression: " + std::to_string(values.size()) +
                                    " values need as many weights, found " + std::to_string(weights.size()));
    std::vector<isotonic_block> blocks;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double weight = weights.empty() ? 1.0 : weights[i];
        if (!std::isfinite(values[i]))
            throw std::invalid_argument("isotonic_regression: value " + std::to_string(i) + " is not finite");
        if (!(weight > 0) || !std::isfinite(weight))
            throw std::invalid_argument("isotonic_regression: weights must be above 0, found " +
                                        std::to_string(weight) + " at " + std::to_string(i));
        blocks.push_back({i, 1, values[i], weight});
        while (blocks.size() > 1 && blocks[blocks.size() - 2].value >= blocks.back().value) {
            const isotonic_block last = blocks.back();
            blocks.pop_back();
            isotonic_block& pooled = blocks.back();
            const double sum = pooled.weight + last.weight;
            pooled.value += (last.value - pooled.value) * (last.weight / sum);
            pooled.weight = sum;
            pooled.count += last.count;
        }
    }
    return blocks;
}

/// The non-descending series itself, as long as `values`. For a descending one hand over the values reversed.
/// Cost and errors as of `isotonic_blocks`.
[[nodiscard]] inline std::vector<double> isotonic_regression(std::span<const double> values,
                                                             std::span<const double> weights = {}) {
    std::vector<double> result;
    result.reserve(values.size());
    for (const auto& block : isotonic_blocks(values, weights))
        result.insert(result.end(), block.count, block.value);
    return result;
}

} // namespace groundglass
