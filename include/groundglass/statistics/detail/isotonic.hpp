#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/exact_sum.hpp>
#include <groundglass/statistics/isotonic.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::statistics {

GROUNDGLASS_INLINE std::vector<isotonic_block> isotonic_blocks(std::span<const double> values,
                                                               std::span<const double> weights) {
    if (!weights.empty() && weights.size() != values.size())
        throw std::invalid_argument("isotonic_regression: " + std::to_string(values.size()) +
                                    " values need as many weights, found " + std::to_string(weights.size()));
    struct pool {
        std::size_t first;
        std::size_t count;
        long double value;
        exact_sum moment, weight; // of more than one value; else it is they
    };
    const auto weight_of = [&](std::size_t i) { return weights.empty() ? 1.0 : weights[i]; };
    const auto add = [&](pool& to, const pool& from) {
        if (from.count > 1) {
            to.moment += from.moment;
            to.weight += from.weight;
            return;
        }
        to.weight.add(weight_of(from.first));
        if (weights.empty())
            to.moment.add(values[from.first]);
        else
            to.moment.add_product(values[from.first], weights[from.first]);
    };
    std::vector<pool> pools;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double weight = weight_of(i);
        if (!std::isfinite(values[i]))
            throw std::invalid_argument("isotonic_regression: value " + std::to_string(i) + " is not finite");
        if (!(weight > 0) || !std::isfinite(weight))
            throw std::invalid_argument("isotonic_regression: weights must be above 0 and finite, found " +
                                        shown(weight) + " at " + std::to_string(i));
        pools.push_back({i, 1, values[i], {}, {}});
        while (pools.size() > 1 && pools[pools.size() - 2].value >= pools.back().value) {
            const pool last = std::move(pools.back());
            pools.pop_back();
            pool& pooled = pools.back();
            if (pooled.count == 1) add(pooled, pool{pooled.first, 1, 0, {}, {}});
            add(pooled, last);
            pooled.value = pooled.moment.value() / pooled.weight.value();
            pooled.count += last.count;
        }
    }
    std::vector<isotonic_block> blocks;
    blocks.reserve(pools.size());
    for (const pool& p : pools)
        blocks.push_back({p.first, p.count, static_cast<double>(p.value),
                          p.count == 1 ? weight_of(p.first) : static_cast<double>(p.weight.value())});
    return blocks;
}

GROUNDGLASS_INLINE std::vector<double> isotonic_regression(std::span<const double> values,
                                                           std::span<const double> weights) {
    std::vector<double> result;
    result.reserve(values.size());
    for (const auto& block : isotonic_blocks(values, weights))
        result.insert(result.end(), block.count, block.value);
    return result;
}

} // namespace groundglass::statistics
