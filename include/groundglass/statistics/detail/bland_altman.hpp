#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/bland_altman.hpp>
#include <groundglass/statistics/detail/bounds.hpp>
#include <groundglass/statistics/detail/exact_sum.hpp>
#include <groundglass/statistics/detail/normal_quantile.hpp>
#include <groundglass/statistics/estimate.hpp>
#include <groundglass/statistics/exact_sum.hpp>

#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>

namespace groundglass::statistics {

namespace detail {

/// The quantile of Student's distribution that leaves half of 1 - level above it.
inline double two_sided_t_quantile(double level, double degrees) {
    return boost::math::quantile(boost::math::complement(boost::math::students_t(degrees), (1 - level) / 2));
}

} // namespace detail

GROUNDGLASS_INLINE bland_altman bland_altman_agreement(std::span<const double> first,
                                                       std::span<const double> second, double level) {
    const std::string who = "bland_altman_agreement";
    detail::check_level(who.c_str(), level);
    if (first.size() != second.size())
        throw std::invalid_argument(who + ": the measurements differ in length, " +
                                    std::to_string(first.size()) + " and " + std::to_string(second.size()));
    if (first.size() < 2)
        throw std::invalid_argument(who + ": at least two cases are needed, found " +
                                    std::to_string(first.size()));
    bland_altman result;
    result.count = first.size();
    for (std::size_t i = 0; i < first.size(); ++i) {
        if (!std::isfinite(first[i]) || !std::isfinite(second[i]))
            throw std::invalid_argument(who + ": measurements must be finite, found " + shown(first[i]) +
                                        " and " + shown(second[i]) + " at index " + std::to_string(i));
        result.means.push_back(std::midpoint(first[i], second[i]));
        result.differences.push_back(detail::narrowed(
            who, "a difference", static_cast<long double>(first[i]) - static_cast<long double>(second[i])));
    }
    const auto n = static_cast<long double>(result.count);
    const long double bias = exact_mean(result.differences);
    // The second sum takes out what rounding the mean has added (Chan, Golub and LeVeque 1983).
    exact_sum rest;
    long double squares = 0;
    for (const double difference : result.differences) {
        const long double away = difference - bias;
        squares += away * away;
        rest.add(away);
    }
    const long double sd = std::sqrt(std::max(0.0L, squares - rest.value() * rest.value() / n) / (n - 1));
    const long double z = detail::two_sided_normal_quantile(level);
    const long double t = detail::two_sided_t_quantile(level, static_cast<double>(result.count - 1));
    const auto around = [&](long double value, long double half) {
        const auto end = [&](long double x) { return detail::narrowed(who, "a limit of agreement", x); };
        return estimate{end(value), {end(value - half), end(value + half)}};
    };
    const long double half = t * sd * std::sqrt(1 / n + z * z / (2 * (n - 1)));
    result.sd = detail::narrowed(who, "the standard deviation", sd);
    result.bias = around(bias, t * sd / std::sqrt(n));
    result.lower_limit = around(bias - z * sd, half);
    result.upper_limit = around(bias + z * sd, half);
    return result;
}

} // namespace groundglass::statistics
