#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/auc.hpp>
#include <groundglass/statistics/bootstrap.hpp>
#include <groundglass/statistics/detail/bootstrap.hpp>
#include <groundglass/statistics/detail/bounds.hpp>
#include <groundglass/statistics/detail/normal_quantile.hpp>
#include <groundglass/statistics/detail/roc.hpp>
#include <groundglass/statistics/estimate.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace groundglass::statistics {

namespace detail {

/// Cases in the order of their scores.
struct ranking {
    std::vector<std::size_t> order; ///< indices by ascending score
    label_counts counts;

    [[nodiscard]] double pairs() const {
        return static_cast<double>(counts.negatives) * static_cast<double>(counts.positives);
    }
};

/// The area under the ROC curve where case i counts `times(i)` times, which leaves either class its size:
/// over all pairs of a positive and a negative case those ranked right, ties half. Counted in whole numbers
/// and rounded once. O(n).
template <class Times>
[[nodiscard]] double area_under(const ranking& ranked, std::span<const double> scores,
                                std::span<const std::uint8_t> labels, Times times) {
    const auto& order = ranked.order;
    std::uint64_t twice = 0; // the pairs ranked right
    std::uint64_t below = 0; // negatives with a lower score
    for (std::size_t i = 0; i < order.size();) {
        const double score = scores[order[i]];
        std::uint64_t negatives = 0;
        std::uint64_t positives = 0;
        for (; i < order.size() && scores[order[i]] == score; ++i)
            (labels[order[i]] == 1 ? positives : negatives) += times(order[i]);
        twice += positives * (2 * below + negatives);
        below += negatives;
    }
    return static_cast<double>(twice) / (2 * ranked.pairs());
}

[[nodiscard]] inline double area_under(const ranking& ranked, std::span<const double> scores,
                                       std::span<const std::uint8_t> labels) {
    return area_under(ranked, scores, labels, [](std::size_t) { return std::uint64_t{1}; });
}

/// The rank of each value, from 1; equal values share the mean of their ranks. `order` is that of
/// `ascending`.
[[nodiscard]] inline std::vector<double> midranks(std::span<const double> values,
                                                  const std::vector<std::size_t>& order) {
    std::vector<double> ranks(values.size());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
        const double rank = static_cast<double>(first + last) / 2 + 1;
        for (std::size_t i = first; i <= last; ++i) ranks[order[i]] = rank;
        first = last + 1;
    }
    return ranks;
}

/// For each case the share of the other class that it is ranked right against, ties half: DeLong's structural
/// components, whose mean is the area.
struct placements {
    std::vector<double> negatives;
    std::vector<double> positives;
    double area = 0;
};

[[nodiscard]] inline placements place(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                      const label_counts& counts) {
    std::vector<double> negatives;
    std::vector<double> positives;
    for (std::size_t i = 0; i < scores.size(); ++i)
        (labels[i] == 1 ? positives : negatives).push_back(scores[i]);
    const ranking ranked{ascending(scores), counts};
    const auto among_all = midranks(scores, ranked.order);
    const auto among_negatives = midranks(negatives, ascending(negatives));
    const auto among_positives = midranks(positives, ascending(positives));
    const auto negative_count = static_cast<double>(counts.negatives);
    const auto positive_count = static_cast<double>(counts.positives);
    placements result;
    result.area = area_under(ranked, scores, labels);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (labels[i] == 1) {
            const double below = among_all[i] - among_positives[result.positives.size()];
            result.positives.push_back(below / negative_count);
        } else {
            const double below = among_all[i] - among_negatives[result.negatives.size()];
            result.negatives.push_back(1 - below / positive_count);
        }
    }
    return result;
}

/// Of the areas whose components these are; for one and the same, the variance.
[[nodiscard]] inline double covariance(const placements& a, const placements& b) {
    const auto part = [&](const std::vector<double>& x, const std::vector<double>& y) {
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - a.area) * (y[i] - b.area);
        const auto count = static_cast<double>(x.size());
        return sum / (count - 1) / count;
    };
    return part(a.negatives, b.negatives) + part(a.positives, b.positives);
}

} // namespace detail

GROUNDGLASS_INLINE double auc(std::span<const double> scores, std::span<const std::uint8_t> labels) {
    const auto counts = detail::count_rankable("auc", scores, labels);
    return detail::area_under({detail::ascending(scores), counts}, scores, labels);
}

GROUNDGLASS_INLINE estimate auc_delong(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                       double level) {
    detail::check_level("auc_delong", level);
    const auto counts = detail::count_rankable("auc_delong", scores, labels, 2);
    const auto placed = detail::place(scores, labels, counts);
    const double half =
        detail::two_sided_normal_quantile(level) * std::sqrt(detail::covariance(placed, placed));
    return {placed.area, {std::max(0.0, placed.area - half), std::min(1.0, placed.area + half)}};
}

GROUNDGLASS_INLINE estimate auc_bootstrap(std::span<const double> scores,
                                          std::span<const std::uint8_t> labels,
                                          const bootstrap_options& options) {
    detail::check_level("auc_bootstrap", options.level);
    const auto counts = detail::count_rankable("auc_bootstrap", scores, labels);
    detail::check_resamples("auc_bootstrap", options.resamples);
    const std::vector<std::size_t> strata(labels.begin(), labels.end());
    const stratified_bootstrap bootstrap(strata, options.seed);
    const detail::ranking ranked{detail::ascending(scores), counts};
    std::vector<std::uint32_t> times(scores.size());
    std::vector<double> areas(options.resamples);
    for (std::size_t index = 0; index < areas.size(); ++index) {
        bootstrap.count(index, times);
        areas[index] = detail::area_under(ranked, scores, labels,
                                          [&](std::size_t i) { return std::uint64_t{times[i]}; });
    }
    return {detail::area_under(ranked, scores, labels), percentile_interval(areas, options.level)};
}

GROUNDGLASS_INLINE auc_comparison compare_auc(std::span<const double> first, std::span<const double> second,
                                              std::span<const std::uint8_t> labels, double level) {
    detail::check_level("compare_auc", level);
    const auto counts = detail::count_rankable("compare_auc (first)", first, labels, 2);
    (void)detail::count_rankable("compare_auc (second)", second, labels, 2);
    const auto a = detail::place(first, labels, counts);
    const auto b = detail::place(second, labels, counts);
    const double variance =
        detail::covariance(a, a) + detail::covariance(b, b) - 2 * detail::covariance(a, b);
    const double error = std::sqrt(std::max(0.0, variance));
    const double difference = a.area - b.area;
    const double half = detail::two_sided_normal_quantile(level) * error;
    const double z = difference == 0 ? 0 : difference / error;
    const double p_value = std::erfc(std::abs(z) / std::sqrt(2.0));
    return {a.area, b.area, difference, {difference - half, difference + half}, z, p_value};
}

} // namespace groundglass::statistics
