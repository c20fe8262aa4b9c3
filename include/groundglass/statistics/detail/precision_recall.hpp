#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/detail/roc.hpp>
#include <groundglass/statistics/precision_recall.hpp>

#include <cstdint>
#include <span>

namespace groundglass::statistics {

GROUNDGLASS_INLINE precision_recall precision_recall_curve(std::span<const double> scores,
                                                           std::span<const std::uint8_t> labels) {
    const auto counts = detail::count_rankable("precision_recall_curve", scores, labels);
    precision_recall result;
    double before = 0;
    for (const auto& called : detail::by_threshold(scores, labels)) {
        const auto right = static_cast<double>(called.true_positives);
        const double precision = right / static_cast<double>(called.true_positives + called.false_positives);
        const double recall = right / static_cast<double>(counts.positives);
        result.points.push_back({called.threshold, precision, recall});
        result.average_precision += precision * (recall - before);
        before = recall;
    }
    return result;
}

} // namespace groundglass::statistics
