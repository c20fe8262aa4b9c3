#pragma once

#include <groundglass/statistics/roc.hpp>

namespace groundglass::statistics {

/// Calling "positive" whatever scores `threshold` or more.
struct precision_recall_point {
    double threshold = 0;
    double precision = 0; ///< positive predictive value
    double recall = 0;    ///< sensitivity
    friend bool operator==(const precision_recall_point&, const precision_recall_point&) = default;
};

struct precision_recall {
    /// One for every distinct score as threshold, the highest first.
    std::vector<precision_recall_point> points;
    /// The sum of precision times the step in recall, without interpolation between points.
    double average_precision = 0;
};

/// Precision over recall. Unlike the ROC curve it depends on how common the positive cases are.
///
/// `labels` are 0 and 1, a higher score speaks for 1. Throws `std::invalid_argument` as `roc_curve` does.
/// O(n log n).
[[nodiscard]] inline precision_recall precision_recall_curve(std::span<const double> scores,
                                                             std::span<const std::uint8_t> labels) {
    const auto counts = detail::count_rankable("precision_recall_curve", scores, labels);
    precision_recall result;
    double before = 0;
    for (const auto& called : detail::by_threshold(scores, labels)) {
        const double right = static_cast<double>(called.true_positives);
        const double precision = right / static_cast<double>(called.true_positives + called.false_positives);
        const double recall = right / static_cast<double>(counts.positives);
        result.points.push_back({called.threshold, precision, recall});
        result.average_precision += precision * (recall - before);
        before = recall;
    }
    return result;
}

} // namespace groundglass::statistics
