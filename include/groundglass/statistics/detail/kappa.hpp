#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/confusion_matrix.hpp>
#include <groundglass/statistics/detail/bounds.hpp>
#include <groundglass/statistics/detail/normal_quantile.hpp>
#include <groundglass/statistics/estimate.hpp>
#include <groundglass/statistics/kappa.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace groundglass::statistics {

GROUNDGLASS_INLINE estimate kappa(const confusion_matrix& table, kappa_weights weights, double level) {
    detail::check_level("kappa", level);
    const std::size_t classes = table.classes();
    const auto total = static_cast<double>(table.total());
    const auto share = [&](std::size_t i, std::size_t j) { return static_cast<double>(table(i, j)) / total; };
    const auto credit = [&](std::size_t i, std::size_t j) {
        if (weights == kappa_weights::none) return i == j ? 1.0 : 0.0;
        const double step = static_cast<double>(i > j ? i - j : j - i) / static_cast<double>(classes - 1);
        return 1 - (weights == kappa_weights::linear ? step : step * step);
    };
    std::vector<double> rows(classes), columns(classes);
    for (std::size_t i = 0; i < classes; ++i)
        for (std::size_t j = 0; j < classes; ++j) {
            rows[i] += share(i, j);
            columns[j] += share(i, j);
        }
    bool single = false;
    for (std::size_t i = 0; i < classes; ++i) single = single || table(i, i) == table.total();
    if (single)
        throw std::invalid_argument(
            "kappa: both raters gave the same class to every case; agreement beyond chance is not defined");

    std::vector<double> row_credit(classes), column_credit(classes); // expected by chance
    double observed = 0, expected = 0;
    for (std::size_t i = 0; i < classes; ++i)
        for (std::size_t j = 0; j < classes; ++j) {
            row_credit[i] += columns[j] * credit(i, j);
            column_credit[j] += rows[i] * credit(i, j);
            observed += share(i, j) * credit(i, j);
            expected += rows[i] * columns[j] * credit(i, j);
        }
    const double value = (observed - expected) / (1 - expected);
    const double mean = value - expected * (1 - value);
    // About the mean: the rounding of a difference of squares would make an interval where there is none.
    double spread = 0;
    for (std::size_t i = 0; i < classes; ++i)
        for (std::size_t j = 0; j < classes; ++j) {
            const double off = credit(i, j) - (row_credit[i] + column_credit[j]) * (1 - value) - mean;
            spread += share(i, j) * off * off;
        }
    const double error = std::sqrt(spread / total) / (1 - expected);
    const double half = detail::two_sided_normal_quantile(level) * error;
    return {value, {std::max(-1.0, value - half), std::min(1.0, value + half)}};
}

} // namespace groundglass::statistics
