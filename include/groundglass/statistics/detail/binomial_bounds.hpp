#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/bounds.hpp>
#include <groundglass/statistics/detail/bounds.hpp>
#include <groundglass/statistics/detail/normal_quantile.hpp>
#include <groundglass/wide.hpp>

#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::statistics {

namespace detail {

/// Of counts that are in order; selections in place of branches, so that loops over it can be vectorised.
inline bounds wilson_bounds(double successes, double trials, double normal_quantile) {
    const double failures = trials - successes, share = successes / trials;
    const double z2 = normal_quantile * normal_quantile;
    const double middle = (successes + z2 / 2) / (trials + z2);
    const double reach = normal_quantile / (trials + z2) * std::sqrt(share * failures + z2 / 4);
    double upper = middle + reach;
    // The ends' product is share * successes / (trials + z2); middle - reach would cancel near 0.
    double lower = share * (successes / ((trials + z2) * upper));
    lower = successes == 0 ? 0 : lower;
    upper = failures == 0 ? 1 : upper;
    lower = lower < 0 ? 0 : lower;
    lower = share < lower ? share : lower;
    upper = upper > 1 ? 1 : upper;
    upper = upper < share ? share : upper;
    return {trials == 0 ? 0 : lower, trials == 0 ? 1 : upper};
}

/// Nothing but the bounds is written through `lower` and `upper`, which the compiler can't know of spans.
inline void wilson_loop(const double* successes, const double* trials, double* __restrict lower,
                        double* __restrict upper, std::size_t size, double normal_quantile) {
    for (std::size_t i = 0; i < size; ++i) {
        const auto found = wilson_bounds(successes[i], trials[i], normal_quantile);
        lower[i] = found.lower;
        upper[i] = found.upper;
    }
}

inline bool are_counts(double successes, double trials) {
    const bool finite = trials <= std::numeric_limits<double>::max();
    return bool(int{trials >= 0} & int{finite} & int{successes >= 0} & int{successes <= trials});
}

inline bounds checked_binomial_bounds(double successes, double trials, const binomial_bounds_options& options,
                                      double normal_quantile) {
    if (!are_counts(successes, trials))
        throw std::invalid_argument("binomial_bounds: 0 <= successes <= trials is needed, found " +
                                    shown(successes) + " of " + shown(trials));
    if (trials == 0) return {0, 1};
    constexpr double most = 1e9; // beyond, the quantiles of the beta distribution may not be found
    const auto refuse = [&] {
        throw std::invalid_argument("binomial_bounds: jeffreys and clopper_pearson don't converge for " +
                                    shown(successes) + " of " + shown(trials) + " at level " +
                                    shown(options.level) + "; take wilson");
    };
    if (options.method != binomial_method::wilson && trials > most) refuse();
    const double failures = trials - successes, share = successes / trials;
    const double tail = (1 - options.level) / 2;
    bounds result{0, 1};
    // Boost works in long double unless told otherwise, at ten times the cost for digits that nobody needs
    // here.
    using in_double = boost::math::policies::policy<boost::math::policies::promote_double<false>>;
    const auto beta_quantile = [](double a, double b, double p) {
        return boost::math::ibeta_inv(a, b, p, in_double{});
    };
    const auto upper_quantile = [](double a, double b, double q) {
        return boost::math::ibetac_inv(a, b, q, in_double{});
    };
    // Of counts this small the quantile, near tail^(1 / count), is 0 as a double, and Boost does not find it.
    const auto vanishes = [&](double count) { return std::log(tail) < -800 * count; };
    try {
        switch (options.method) {
        case binomial_method::wilson:
            return wilson_bounds(successes, trials, normal_quantile);
        case binomial_method::jeffreys:
            if (successes > 0) result.lower = beta_quantile(successes + 0.5, failures + 0.5, tail);
            if (failures > 0) result.upper = upper_quantile(successes + 0.5, failures + 0.5, tail);
            break;
        case binomial_method::clopper_pearson:
            if (!vanishes(successes)) result.lower = beta_quantile(successes, failures + 1, tail);
            if (!vanishes(failures)) result.upper = upper_quantile(successes + 1, failures, tail);
            break;
        }
    } catch (const std::runtime_error&) { // of Boost: no convergence
        refuse();
    }
    // Rounding, and a posterior's interval at a very low level, could leave the estimate itself out.
    if (successes == 0) result.lower = 0;
    if (failures == 0) result.upper = 1;
    return {std::min(std::max(result.lower, 0.0), share), std::max(std::min(result.upper, 1.0), share)};
}

/// Where each pair of numbers stood first: a table of places with open addressing.
class place_table {
public:
    explicit place_table(std::size_t most) : places_(std::bit_ceil(2 * most + 1), none) {}

    /// `i`, or the place before it with the same pair; pairs are asked for in their order.
    [[nodiscard]] std::size_t first_of(std::size_t i, std::span<const double> first,
                                       std::span<const double> second) {
        const std::size_t mask = places_.size() - 1;
        const auto hash = (std::bit_cast<std::uint64_t>(first[i] + 0.0) * 0x9e3779b97f4a7c15U +
                           std::bit_cast<std::uint64_t>(second[i] + 0.0)) *
                          0xc2b2ae3d27d4eb4fU;
        for (std::size_t slot = static_cast<std::size_t>(hash >> 20U) & mask;; slot = (slot + 1) & mask) {
            std::size_t& place = places_[slot];
            if (place == none) return place = i;
            if (first[place] == first[i] && second[place] == second[i]) return place;
        }
    }

private:
    static constexpr auto none = static_cast<std::size_t>(-1);
    std::vector<std::size_t> places_;
};

} // namespace detail

GROUNDGLASS_INLINE bounds binomial_bounds(double successes, double trials,
                                          const binomial_bounds_options& options) {
    detail::check_level("binomial_bounds", options.level);
    return detail::checked_binomial_bounds(successes, trials, options,
                                           detail::two_sided_normal_quantile(options.level));
}

GROUNDGLASS_INLINE std::vector<bounds> binomial_bounds(std::span<const double> successes,
                                                       std::span<const double> trials,
                                                       const binomial_bounds_options& options) {
    std::vector<double> lower(successes.size()), upper(successes.size());
    binomial_bounds(successes, trials, lower, upper, options);
    std::vector<bounds> result;
    result.reserve(lower.size());
    for (std::size_t i = 0; i < lower.size(); ++i) result.push_back({lower[i], upper[i]});
    return result;
}

GROUNDGLASS_INLINE void binomial_bounds(std::span<const double> successes, std::span<const double> trials,
                                        std::span<double> lower, std::span<double> upper,
                                        const binomial_bounds_options& options) {
    detail::check_level("binomial_bounds", options.level);
    const std::size_t size = successes.size();
    if (trials.size() != size)
        throw std::invalid_argument("binomial_bounds: " + std::to_string(size) +
                                    " successes need as many trials, found " + std::to_string(trials.size()));
    if (lower.size() != size || upper.size() != size)
        throw std::invalid_argument("binomial_bounds: room for " + std::to_string(size) +
                                    " bounds is needed");
    const double normal_quantile = detail::two_sided_normal_quantile(options.level);
    const auto one = [&](std::size_t i) {
        return detail::checked_binomial_bounds(successes[i], trials[i], options, normal_quantile);
    };
    if (options.method == binomial_method::wilson) {
        std::size_t wrong = 0;
        wide([&wrong, hits = successes.data(), of = trials.data(), low = lower.data(), high = upper.data(),
              size, normal_quantile] {
            std::size_t refused = 0;
            for (std::size_t i = 0; i < size; ++i) refused += detail::are_counts(hits[i], of[i]) ? 0U : 1U;
            wrong = refused;
            detail::wilson_loop(hits, of, low, high, size, normal_quantile);
        });
        for (std::size_t i = 0; wrong > 0 && i < size; ++i) (void)one(i); // throws
        return;
    }
    detail::place_table known(size);
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t same = known.first_of(i, successes, trials);
        const bounds found = same == i ? one(i) : bounds{lower[same], upper[same]};
        lower[i] = found.lower;
        upper[i] = found.upper;
    }
}

} // namespace groundglass::statistics
