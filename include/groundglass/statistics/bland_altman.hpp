#pragma once

#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/estimate.hpp>
#include <groundglass/statistics/exact_sum.hpp>

#include <boost/math/distributions/students_t.hpp>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::statistics {

/// Agreement of two measurements of the same cases, in their own unit.
struct bland_altman {
    std::size_t count = 0;
    estimate bias;        ///< mean of first - second
    double sd = 0;        ///< standard deviation of the differences (n - 1)
    estimate lower_limit; ///< bias - z sd
    estimate upper_limit; ///< bias + z sd; `level` of all differences lie between the limits
    std::vector<double> means;
    std::vector<double> differences;
};

namespace detail {

/// The quantile of Student's distribution that leaves half of 1 - level above it.
inline double two_sided_t_quantile(double level, double degrees) {
    return boost::math::quantile(boost::math::complement(boost::math::students_t(degrees), (1 - level) / 2));
}

} // namespace detail

/// Bias and limits of agreement with their intervals (Bland and Altman 1999,
/// doi:10.1177/096228029900800204): t intervals, with the variance sd² (1/n + z² / 2(n - 1)) for a limit.
/// They hold for differences that are near to normal and do not grow with the measurement.
///
/// `level` is both the share of the differences between the limits and that of the intervals. Throws
/// `std::invalid_argument` for spans of different length, values that are not finite, fewer than two cases,
/// differences or limits beyond the largest double, and unless `level` lies between 0 and 1. Exact to
/// rounding for values of any magnitude. O(n).
[[nodiscard]] inline bland_altman
bland_altman_agreement(std::span<const double> first, std::span<const double> second, double level = 0.95) {
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
