#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/detail/bounds.hpp>
#include <groundglass/statistics/detail/exact_sum.hpp>
#include <groundglass/statistics/estimate.hpp>
#include <groundglass/statistics/exact_sum.hpp>
#include <groundglass/statistics/intraclass_correlation.hpp>

#include <boost/math/distributions/fisher_f.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::statistics {

GROUNDGLASS_INLINE intraclass_correlation intraclass_correlations(std::span<const double> ratings,
                                                                  std::size_t raters, double level) {
    const std::string who = "intraclass_correlations";
    detail::check_level(who.c_str(), level);
    if (raters < 2 || ratings.size() % raters != 0 || ratings.size() / raters < 2)
        throw std::invalid_argument(who + ": at least two cases by two raters are needed, found " +
                                    std::to_string(ratings.size()) + " ratings of " + std::to_string(raters) +
                                    " raters");
    for (std::size_t i = 0; i < ratings.size(); ++i)
        if (!std::isfinite(ratings[i]))
            throw std::invalid_argument(who + ": ratings must be finite, found " + shown(ratings[i]) +
                                        " at case " + std::to_string(i / raters) + ", rater " +
                                        std::to_string(i % raters));
    const auto [lowest, highest] = std::minmax_element(ratings.begin(), ratings.end());
    if (*lowest == *highest)
        throw std::invalid_argument(who + ": all ratings are " + shown(*lowest) +
                                    ", so there is nothing to agree on");

    intraclass_correlation result;
    result.raters = raters;
    result.cases = ratings.size() / raters;
    const auto n = static_cast<long double>(result.cases), k = static_cast<long double>(raters);
    // All squares are of distances from the mean, so that a large common part costs no digits.
    const long double centre = exact_mean(ratings);
    std::vector<long double> apart(ratings.size()), case_means(result.cases), rater_means(raters);
    long double mean = 0, largest = 0;
    for (std::size_t i = 0; i < ratings.size(); ++i) {
        apart[i] = ratings[i] - centre;
        case_means[i / raters] += apart[i] / k;
        rater_means[i % raters] += apart[i] / n;
        mean += apart[i] / (n * k);
        largest = std::max(largest, std::abs(apart[i]));
    }
    const auto square = [](long double x) { return x * x; };
    long double between_cases = 0, between_raters = 0, error = 0;
    for (const long double value : case_means) between_cases += k * square(value - mean);
    for (const long double value : rater_means) between_raters += n * square(value - mean);
    for (std::size_t i = 0; i < ratings.size(); ++i)
        error += square(apart[i] - case_means[i / raters] - rater_means[i % raters] + mean);
    // What rounding leaves of a sum that is 0.
    const long double nothing = 1e-30L * n * k * square(largest);
    const long double r = between_cases <= nothing ? 0 : between_cases / (n - 1);
    const long double c = between_raters <= nothing ? 0 : between_raters / (k - 1);
    const long double e = error <= nothing ? 0 : error / ((n - 1) * (k - 1));
    result.mean_square_cases = detail::narrowed(who, "a mean square", r);
    result.mean_square_raters = detail::narrowed(who, "a mean square", c);
    result.mean_square_error = detail::narrowed(who, "a mean square", e);

    const auto critical = [&](long double above, long double below) -> long double {
        return boost::math::quantile(boost::math::complement(
            boost::math::fisher_f(static_cast<double>(above), static_cast<double>(below)), (1 - level) / 2));
    };
    const auto as_estimate = [](long double value, long double lower, long double upper) {
        return estimate{static_cast<double>(value), {static_cast<double>(lower), static_cast<double>(upper)}};
    };
    if (e == 0 && r > 0) {
        result.consistency = {1, {1, 1}};
    } else if (e > 0) {
        const long double f = r / e, df = (n - 1) * (k - 1);
        const long double low = f / critical(n - 1, df), high = f * critical(df, n - 1);
        result.consistency =
            as_estimate((r - e) / (r + (k - 1) * e), (low - 1) / (low + k - 1), (high - 1) / (high + k - 1));
    }
    const long double all = r + (k - 1 - k / n) * e + k * c / n;
    if (!(all > 0)) return result;
    const long double icc = (r - e) / all;
    result.agreement.value = static_cast<double>(icc);
    if (icc == 1) {
        result.agreement.interval = {1, 1};
        return result;
    }
    const long double a = k * icc / (n * (1 - icc)), b = 1 + a * (n - 1);
    const long double df =
        square(a * c + b * e) / (square(a * c) / (k - 1) + square(b * e) / ((n - 1) * (k - 1)));
    if (!(df >= 0.1L)) return result;
    const long double low = critical(n - 1, df), high = critical(df, n - 1);
    const long double rest = k * c + (k * n - k - n) * e;
    result.agreement = as_estimate(icc, std::min(icc, n * (r - low * e) / (low * rest + n * r)),
                                   std::max(icc, n * (high * r - e) / (rest + n * high * r)));
    return result;
}

} // namespace groundglass::statistics
