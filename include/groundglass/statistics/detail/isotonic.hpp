#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/exact_sum.hpp>
#include <groundglass/statistics/isotonic.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::statistics {

namespace detail {

/// Isotonic regression of numbers of equal weight whose sum fits into 128 bits without rounding.
class equal_weights {
public:
    explicit equal_weights(std::span<const double> values) : values_(values) {
        std::uint64_t least = ~std::uint64_t{0}, most = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const std::uint64_t magnitude = std::bit_cast<std::uint64_t>(values[i]) << 1U;
            if (magnitude >= infinite)
                throw std::invalid_argument("isotonic_regression: value " + std::to_string(i) +
                                            " is not finite");
            if (magnitude != 0) least = std::min(least, magnitude);
            most = std::max(most, magnitude);
        }
        largest_ = std::bit_cast<double>(most >> 1U);
        if (most == 0) return; // all are 0
        // Of a number's exponent field e: its lowest bit stands for 2^(max(e, 1) - 1075).
        lowest_ = std::max(static_cast<int>(least >> 53U), 1);
        const int width = std::max(static_cast<int>(most >> 53U), 1) - lowest_ + 53;
        fits_ = width + std::bit_width(values.size()) <= 126;
    }

    /// Whether sums fit; else nothing below may be asked for.
    [[nodiscard]] bool fits() const { return fits_; }

    [[nodiscard]] std::vector<isotonic_block> blocks() const {
        std::vector<pool> pools;
        for (std::size_t i = 0; i < values_.size();) {
            // A run that never rises is one pool.
            pool next{i, 1, fixed(values_[i]), values_[i], values_[i]};
            for (++i; i < values_.size() && values_[i] <= values_[i - 1]; ++i) {
                next.moment += fixed(values_[i]);
                next.sum += values_[i];
                ++next.count;
            }
            if (next.count > 1) next.mean = next.sum / static_cast<double>(next.count);
            while (!pools.empty() && !is_below(pools.back(), next)) {
                const pool& before = pools.back();
                next.first = before.first;
                next.count += before.count;
                next.moment += before.moment;
                next.sum += before.sum;
                next.mean = next.sum / static_cast<double>(next.count);
                pools.pop_back();
            }
            pools.push_back(next);
        }
        std::vector<isotonic_block> result;
        result.reserve(pools.size());
        for (const pool& p : pools)
            result.push_back(
                {p.first, p.count, static_cast<double>(exact_mean_of(p)), static_cast<double>(p.count)});
        return result;
    }

private:
    __extension__ using integer = __int128;
    static constexpr std::uint64_t infinite = std::uint64_t{0x7ff} << 53U; // shifted by the sign

    struct pool {
        std::size_t first, count;
        integer moment; // the exact sum, in units of the lowest bit
        double sum, mean;
    };

    [[nodiscard]] integer fixed(double value) const {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        const auto field = static_cast<int>(bits >> 52U & 0x7ffU);
        const std::uint64_t digits = (bits & ((std::uint64_t{1} << 52U) - 1)) | std::uint64_t{field > 0}
                                                                                    << 52U;
        if (digits == 0) return 0;
        const integer magnitude = static_cast<integer>(digits) << (std::max(field, 1) - lowest_);
        return bits >> 63U != 0 ? -magnitude : magnitude;
    }

    [[nodiscard]] long double exact_mean_of(const pool& p) const {
        if (p.count == 1) return values_[p.first];
        return std::ldexp(static_cast<long double>(p.moment), lowest_ - 1075) /
               static_cast<long double>(p.count);
    }

    /// By the rounded means where these are far enough apart for their errors, else by the exact ones.
    [[nodiscard]] bool is_below(const pool& one, const pool& other) const {
        const double error = 0x1p-51 * static_cast<double>(one.count + other.count) * largest_;
        if (one.mean < other.mean - error) return true;
        if (one.mean > other.mean + error) return false;
        constexpr integer narrow = integer{1} << 62U;
        if (-narrow < one.moment && one.moment < narrow && -narrow < other.moment && other.moment < narrow)
            return one.moment * static_cast<integer>(other.count) <
                   other.moment * static_cast<integer>(one.count);
        return exact_mean_of(one) < exact_mean_of(other);
    }

    std::span<const double> values_;
    double largest_ = 0;
    int lowest_ = 1;
    bool fits_ = true;
};

} // namespace detail

GROUNDGLASS_INLINE std::vector<isotonic_block> isotonic_blocks(std::span<const double> values,
                                                               std::span<const double> weights) {
    if (!weights.empty() && weights.size() != values.size())
        throw std::invalid_argument("isotonic_regression: " + std::to_string(values.size()) +
                                    " values need as many weights, found " + std::to_string(weights.size()));
    if (weights.empty())
        if (const detail::equal_weights equal(values); equal.fits()) return equal.blocks();
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
