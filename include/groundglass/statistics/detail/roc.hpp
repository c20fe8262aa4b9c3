#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/cohort.hpp>
#include <groundglass/statistics/roc.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::statistics {

namespace detail {

struct label_counts {
    std::size_t negatives = 0;
    std::size_t positives = 0;
};

/// How many labels are 0 and 1. Throws `std::invalid_argument`, beginning with `who`, for any other.
[[nodiscard]] inline label_counts count_labels(const std::string& who, std::span<const std::uint8_t> labels) {
    label_counts counts;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] > 1)
            throw std::invalid_argument(who + ": labels must be 0 or 1, found " + std::to_string(labels[i]) +
                                        " at index " + std::to_string(i));
        ++(labels[i] == 1 ? counts.positives : counts.negatives);
    }
    return counts;
}

/// What ranking cases asks of them: as `check_cohort`, and at least `least` cases of either class.
[[nodiscard]] inline label_counts count_rankable(const std::string& who, std::span<const double> scores,
                                                 std::span<const std::uint8_t> labels,
                                                 std::size_t least = 1) {
    (void)check_cohort(who, scores, labels.size());
    const auto counts = count_labels(who, labels);
    if (counts.negatives < least || counts.positives < least)
        throw std::invalid_argument(who + ": at least " + std::to_string(least) +
                                    " of either class is needed, found " + std::to_string(counts.negatives) +
                                    " with label 0 and " + std::to_string(counts.positives) +
                                    " with label 1");
    return counts;
}

/// Indices by ascending value.
[[nodiscard]] inline std::vector<std::size_t> ascending(std::span<const double> values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    return order;
}

/// What scores a threshold or more, for each distinct score as threshold, the highest first.
struct called_positive {
    double threshold = 0;
    std::size_t true_positives = 0;
    std::size_t false_positives = 0;
};
[[nodiscard]] inline std::vector<called_positive> by_threshold(std::span<const double> scores,
                                                               std::span<const std::uint8_t> labels) {
    std::vector<called_positive> result;
    const auto order = ascending(scores);
    called_positive called;
    for (auto it = order.rbegin(); it != order.rend(); ++it) {
        ++(labels[*it] == 1 ? called.true_positives : called.false_positives);
        called.threshold = scores[*it];
        if (it + 1 == order.rend() || scores[*(it + 1)] != called.threshold) result.push_back(called);
    }
    return result;
}

} // namespace detail

GROUNDGLASS_INLINE std::vector<roc_point> roc_curve(std::span<const double> scores,
                                                    std::span<const std::uint8_t> labels) {
    const auto counts = detail::count_rankable("roc_curve", scores, labels);
    const auto share = [](std::size_t part, std::size_t whole) {
        return static_cast<double>(part) / static_cast<double>(whole);
    };
    std::vector<roc_point> points{{std::numeric_limits<double>::infinity(), 0.0, 0.0}};
    for (const auto& called : detail::by_threshold(scores, labels))
        points.push_back({called.threshold, share(called.false_positives, counts.negatives),
                          share(called.true_positives, counts.positives)});
    return points;
}

} // namespace groundglass::statistics
