#pragma once

#include <groundglass/statistics/confusion_matrix.hpp>

#include <algorithm>

namespace groundglass::statistics {

/// What a disagreement by d of k - 1 possible steps costs: `none` 1 for any, `linear` d / (k - 1),
/// `quadratic` its square. Linear and quadratic need classes in order.
enum class kappa_weights : std::uint8_t { none, linear, quadratic };

/// Cohen's kappa of two raters, plain or weighted, with the large-sample normal interval (Cohen 1968,
/// doi:10.1037/h0026256; Fleiss, Cohen and Everitt 1969, doi:10.1037/h0028106), cut at -1 and 1. Raters who
/// never differ have a kappa of 1 and a variance of 0.
///
/// `table` holds one rater as truth, the other as predicted. Throws `std::invalid_argument` where both raters
/// gave the same single class to every case, as there is no agreement beyond chance to speak of, and unless
/// `level` lies between 0 and 1. O(classes²).
[[nodiscard]] inline estimate kappa(const confusion_matrix& table,
                                    kappa_weights weights = kappa_weights::none, double level = 0.95) {
    detail::check_level("kappa", level);
    const std::size_t classes = table.classes();
    const double total = static_cast<double>(table.total());
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
