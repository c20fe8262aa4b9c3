#pragma once

#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/estimate.hpp>

#include <boost/math/distributions/students_t.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass {

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

/// Bias and limits of agreement with their intervals (Bland and Altman 1999,
/// doi:10.1177/096228029900800204): t intervals, with the variance sd² (1/n + z² / 2(n - 1)) for a limit.
/// They hold for differences that are near to normal and do not grow with the measurement.
///
/// `level` is both the share of the differences between the limits and that of the intervals. Throws
/// `std::invalid_argument` for spans of different length, values that are not finite, fewer than two cases,
/// and unless `level` lies between 0 and 1. O(n).
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
    double sum = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
        if (!std::isfinite(first[i]) || !std::isfinite(second[i]))
            throw std::invalid_argument(who + ": measurements must be finite, found " +
                                        std::to_string(first[i]) + " and " + std::to_string(second[i]) +
                                        " at index " + std::to_string(i));
        result.means.push_back((first[i] + second[i]) / 2);
        result.differences.push_back(first[i] - second[i]);
        sum += result.differences.back();
    }
    const double n = static_cast<double>(result.count);
    const double bias = sum / n;
    double squares = 0;
    for (const double difference : result.differences) squares += (difference - bias) * (difference - bias);
    result.sd = std::sqrt(squares / (n - 1));
    const double z = detail::two_sided_normal_quantile(level);
    const double t = boost::math::quantile(boost::math::students_t(n - 1), (1 + level) / 2);
    const auto around = [](double value, double half) {
        return estimate{value, {value - half, value + half}};
    };
    const double half = t * result.sd * std::sqrt(1 / n + z * z / (2 * (n - 1)));
    result.bias = around(bias, t * result.sd / std::sqrt(n));
    result.lower_limit = around(bias - z * result.sd, half);
    result.upper_limit = around(bias + z * result.sd, half);
    return result;
}

} // namespace groundglass
