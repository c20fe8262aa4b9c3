#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/confusion_matrix.hpp>
#include <groundglass/statistics/estimate.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::statistics {

GROUNDGLASS_INLINE confusion_matrix::confusion_matrix(std::span<const std::size_t> truth,
                                                      std::span<const std::size_t> predicted,
                                                      std::size_t classes)
    : classes_(classes) {
    const std::string who = "confusion_matrix";
    if (truth.size() != predicted.size())
        throw std::invalid_argument(who + ": the classes differ in length, " + std::to_string(truth.size()) +
                                    " and " + std::to_string(predicted.size()));
    if (truth.empty()) throw std::invalid_argument(who + ": no cases");
    check_classes(classes);
    counts_.resize(classes * classes);
    for (std::size_t i = 0; i < truth.size(); ++i) {
        if (truth[i] >= classes || predicted[i] >= classes)
            throw std::invalid_argument(who + ": classes go from 0 to " + std::to_string(classes - 1) +
                                        ", found " + std::to_string(std::max(truth[i], predicted[i])) +
                                        " at index " + std::to_string(i));
        ++counts_[truth[i] * classes + predicted[i]];
    }
    total_ = truth.size();
}

GROUNDGLASS_INLINE confusion_matrix::confusion_matrix(std::size_t classes, std::vector<std::uint64_t> counts)
    : classes_(classes), counts_(std::move(counts)) {
    check_classes(classes);
    if (counts_.size() != classes * classes)
        throw std::invalid_argument("confusion_matrix: " + std::to_string(classes) + " classes need " +
                                    std::to_string(classes * classes) + " counts, found " +
                                    std::to_string(counts_.size()));
    constexpr std::uint64_t most = std::uint64_t{1} << 53; // a double tells neighbouring counts apart
    for (const auto count : counts_) {
        if (count > most - total_)
            throw std::invalid_argument("confusion_matrix: the counts add up to more than 2^53");
        total_ += count;
    }
    if (total_ == 0) throw std::invalid_argument("confusion_matrix: no cases");
}

GROUNDGLASS_INLINE void confusion_matrix::check_classes(std::size_t classes) {
    if (classes < 2 || classes > 4096)
        throw std::invalid_argument("confusion_matrix: 2 to 4096 classes are needed, found " +
                                    std::to_string(classes));
}

GROUNDGLASS_INLINE std::uint64_t confusion_matrix::operator()(std::size_t truth,
                                                              std::size_t predicted) const {
    if (truth >= classes_ || predicted >= classes_)
        throw std::invalid_argument("confusion_matrix: classes go from 0 to " + std::to_string(classes_ - 1) +
                                    ", found " + std::to_string(std::max(truth, predicted)));
    return counts_[truth * classes_ + predicted];
}

GROUNDGLASS_INLINE std::uint64_t confusion_matrix::cases_of(std::size_t truth) const {
    std::uint64_t sum = 0;
    for (std::size_t p = 0; p < classes_; ++p) sum += (*this)(truth, p);
    return sum;
}

GROUNDGLASS_INLINE estimate class_recall(const confusion_matrix& table, std::size_t truth,
                                         const binomial_bounds_options& options) {
    const auto cases = table.cases_of(truth);
    if (cases == 0) return {};
    const auto right = static_cast<double>(table(truth, truth));
    const auto all = static_cast<double>(cases);
    return {right / all, binomial_bounds(right, all, options)};
}

GROUNDGLASS_INLINE estimate accuracy(const confusion_matrix& table, const binomial_bounds_options& options) {
    const auto all = static_cast<double>(table.total());
    double right = 0;
    for (std::size_t i = 0; i < table.classes(); ++i) right += static_cast<double>(table(i, i));
    return {right / all, binomial_bounds(right, all, options)};
}

GROUNDGLASS_INLINE double mean_recall(const confusion_matrix& table) {
    double sum = 0, present = 0;
    for (std::size_t i = 0; i < table.classes(); ++i) {
        const auto cases = table.cases_of(i);
        if (cases == 0) continue;
        sum += static_cast<double>(table(i, i)) / static_cast<double>(cases);
        ++present;
    }
    return sum / present;
}

} // namespace groundglass::statistics
