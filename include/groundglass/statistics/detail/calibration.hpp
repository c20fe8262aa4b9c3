#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/calibration.hpp>
#include <groundglass/statistics/detail/bootstrap.hpp>
#include <groundglass/statistics/detail/bounds.hpp>
#include <groundglass/statistics/detail/roc.hpp>
#include <groundglass/statistics/interval_counts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::statistics {

namespace detail {

inline void check_probabilities(const std::string& who, std::span<const double> probabilities,
                                std::span<const std::uint8_t> labels) {
    if (probabilities.size() != labels.size())
        throw std::invalid_argument(who + ": probabilities and labels differ in length, " +
                                    std::to_string(probabilities.size()) + " and " +
                                    std::to_string(labels.size()));
    if (probabilities.empty()) throw std::invalid_argument(who + ": no cases");
    for (std::size_t i = 0; i < probabilities.size(); ++i)
        if (!(probabilities[i] >= 0 && probabilities[i] <= 1))
            throw std::invalid_argument(who + ": probabilities must lie in 0..1 (not in percent), found " +
                                        shown(probabilities[i]) + " at index " + std::to_string(i));
    (void)count_labels(who, labels);
}

} // namespace detail

GROUNDGLASS_INLINE double brier_score(std::span<const double> probabilities,
                                      std::span<const std::uint8_t> labels) {
    detail::check_probabilities("brier_score", probabilities, labels);
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const double distance = probabilities[i] - labels[i];
        sum += distance * distance;
    }
    return sum / static_cast<double>(labels.size());
}

GROUNDGLASS_INLINE calibration calibration_curve(std::span<const double> probabilities,
                                                 std::span<const std::uint8_t> labels,
                                                 const calibration_options& options) {
    const std::string who = "calibration_curve";
    detail::check_level(who.c_str(), options.interval.level);
    detail::check_probabilities(who, probabilities, labels);
    if (options.bins < 1 || options.bins > 10000)
        throw std::invalid_argument(who + ": bins must lie in 1..10000, found " +
                                    std::to_string(options.bins));

    std::vector<double> sorted;
    if (options.edges == calibration_bins::equal_count) {
        sorted.assign(probabilities.begin(), probabilities.end());
        std::sort(sorted.begin(), sorted.end());
    }
    std::vector<double> edges;
    for (std::size_t i = 0; i <= options.bins; ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(options.bins);
        edges.push_back(options.edges == calibration_bins::equal_width
                            ? share
                            : detail::quantile_of_sorted(sorted, share));
    }
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    if (edges.size() == 1) edges.push_back(edges.front()); // all probabilities are the same

    calibration result;
    result.bins.resize(edges.size() - 1);
    std::vector<double> sums(result.bins.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto place = interval_of(probabilities[i], edges);
        ++result.bins[place].cases;
        result.bins[place].positives += labels[i];
        sums[place] += probabilities[i];
    }
    for (std::size_t i = 0; i < result.bins.size(); ++i) {
        auto& bin = result.bins[i];
        bin.lower_edge = edges[i];
        bin.upper_edge = edges[i + 1];
        if (bin.cases == 0) continue;
        const auto cases = static_cast<double>(bin.cases);
        const auto positives = static_cast<double>(bin.positives);
        bin.predicted = sums[i] / cases;
        bin.observed = {positives / cases, binomial_bounds(positives, cases, options.interval)};
        result.expected_error += std::abs(positives - sums[i]) / static_cast<double>(labels.size());
    }
    result.brier = brier_score(probabilities, labels);
    return result;
}

} // namespace groundglass::statistics
