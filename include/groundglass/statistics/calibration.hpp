#pragma once

#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/bootstrap.hpp>
#include <groundglass/statistics/estimate.hpp>
#include <groundglass/statistics/interval_counts.hpp>
#include <groundglass/statistics/roc.hpp>

namespace groundglass::statistics {

/// Cases whose predicted probability lies in one interval. Means and shares are NaN over no cases.
struct calibration_bin {
    double lower_edge = 0; ///< [lower, upper), the last bin closed
    double upper_edge = 0;
    std::size_t cases = 0;
    std::size_t positives = 0;
    double predicted = std::numeric_limits<double>::quiet_NaN(); ///< mean probability
    estimate observed;                                           ///< share of positives
};

enum class calibration_bins : std::uint8_t {
    equal_width, ///< empty bins are shown as such
    equal_count  ///< edges at quantiles; fewer bins where probabilities are tied
};

struct calibration_options {
    std::size_t bins = 10;
    calibration_bins edges = calibration_bins::equal_width;
    /// Of the share of positives in each bin.
    binomial_bounds_options interval = {};
    friend bool operator==(const calibration_options&, const calibration_options&) = default;
};

struct calibration {
    std::vector<calibration_bin> bins;
    /// Mean distance of predicted and observed, weighted by cases (ECE). It depends on the bins.
    double expected_error = 0;
    double brier = 0;
};

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

/// Brier's score: mean squared distance of probability and label (Brier 1950). 0 is perfect; a constant
/// probability p at a prevalence p scores p (1 - p). Labels of one class alone are taken: the score is then
/// the mean squared distance from that class, and says nothing of how well classes are told apart.
///
/// Throws `std::invalid_argument` for spans of different length or none, probabilities outside 0..1, and
/// labels other than 0 and 1. O(n).
[[nodiscard]] inline double brier_score(std::span<const double> probabilities,
                                        std::span<const std::uint8_t> labels) {
    detail::check_probabilities("brier_score", probabilities, labels);
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const double distance = probabilities[i] - labels[i];
        sum += distance * distance;
    }
    return sum / static_cast<double>(labels.size());
}

/// How often the positive class comes true where a probability was predicted, bin by bin, with the bounds of
/// a proportion. Labels of one class alone are taken: every filled bin has then observed 0 or 1. Throws as
/// `brier_score` does, for bins outside 1..10000, and unless the level lies between 0 and 1. O(n log n).
[[nodiscard]] inline calibration calibration_curve(std::span<const double> probabilities,
                                                   std::span<const std::uint8_t> labels,
                                                   const calibration_options& options = {}) {
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
        const double cases = static_cast<double>(bin.cases), positives = static_cast<double>(bin.positives);
        bin.predicted = sums[i] / cases;
        bin.observed = {positives / cases, binomial_bounds(positives, cases, options.interval)};
        result.expected_error += std::abs(positives - sums[i]) / static_cast<double>(labels.size());
    }
    result.brier = brier_score(probabilities, labels);
    return result;
}

} // namespace groundglass::statistics
