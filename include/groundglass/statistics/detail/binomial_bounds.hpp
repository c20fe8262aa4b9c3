#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/bounds.hpp>
#include <groundglass/statistics/detail/bounds.hpp>
#include <groundglass/statistics/detail/normal_quantile.hpp>

#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace groundglass::statistics {

namespace detail {

inline bounds checked_binomial_bounds(double successes, double trials, const binomial_bounds_options& options,
                                      double normal_quantile) {
    if (!(trials >= 0) || !std::isfinite(trials) || !(successes >= 0 && successes <= trials))
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
        case binomial_method::wilson: {
            const double z2 = normal_quantile * normal_quantile;
            const double middle = (successes + z2 / 2) / (trials + z2);
            const double reach = normal_quantile / (trials + z2) * std::sqrt(share * failures + z2 / 4);
            result.upper = middle + reach;
            // The ends' product is share * successes / (trials + z2); middle - reach would cancel near 0.
            result.lower = share * (successes / ((trials + z2) * result.upper));
            break;
        }
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
    detail::check_level("binomial_bounds", options.level);
    if (successes.size() != trials.size())
        throw std::invalid_argument("binomial_bounds: " + std::to_string(successes.size()) +
                                    " successes need as many trials, found " + std::to_string(trials.size()));
    const double normal_quantile = detail::two_sided_normal_quantile(options.level);
    std::vector<bounds> result(successes.size());
    if (options.method == binomial_method::wilson) {
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = detail::checked_binomial_bounds(successes[i], trials[i], options, normal_quantile);
        return result;
    }
    struct pair_hash {
        std::size_t operator()(const std::pair<double, double>& p) const {
            return std::hash<double>{}(p.first) * 31 + std::hash<double>{}(p.second);
        }
    };
    std::unordered_map<std::pair<double, double>, bounds, pair_hash> known;
    for (std::size_t i = 0; i < result.size(); ++i) {
        const auto [entry, fresh] = known.try_emplace({successes[i], trials[i]});
        if (fresh)
            entry->second =
                detail::checked_binomial_bounds(successes[i], trials[i], options, normal_quantile);
        result[i] = entry->second;
    }
    return result;
}

} // namespace groundglass::statistics
