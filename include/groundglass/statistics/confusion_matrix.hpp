#pragma once

#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/estimate.hpp>

#include <cstdint>

namespace groundglass::statistics {

/// How often each true class was called each class.
class confusion_matrix {
public:
    /// `truth` and `predicted` hold classes from 0 to `classes - 1`. Throws `std::invalid_argument` for spans
    /// of different length or none, fewer than two classes, and a class that is not below `classes`.
    confusion_matrix(std::span<const std::size_t> truth, std::span<const std::size_t> predicted,
                     std::size_t classes)
        : classes_(classes) {
        const std::string who = "confusion_matrix";
        if (truth.size() != predicted.size())
            throw std::invalid_argument(who + ": the classes differ in length, " +
                                        std::to_string(truth.size()) + " and " +
                                        std::to_string(predicted.size()));
        if (truth.empty()) throw std::invalid_argument(who + ": no cases");
        if (classes < 2 || classes > 4096)
            throw std::invalid_argument(who + ": 2 to 4096 classes are needed, found " +
                                        std::to_string(classes));
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

    [[nodiscard]] std::size_t classes() const { return classes_; }
    /// Number of cases.
    [[nodiscard]] std::uint64_t total() const { return total_; }
    /// Throws `std::invalid_argument` for a class that is not below `classes()`.
    [[nodiscard]] std::uint64_t operator()(std::size_t truth, std::size_t predicted) const {
        if (truth >= classes_ || predicted >= classes_)
            throw std::invalid_argument("confusion_matrix: classes go from 0 to " +
                                        std::to_string(classes_ - 1) + ", found " +
                                        std::to_string(std::max(truth, predicted)));
        return counts_[truth * classes_ + predicted];
    }
    /// Number of cases whose true class this is. Throws as above.
    [[nodiscard]] std::uint64_t cases_of(std::size_t truth) const {
        std::uint64_t sum = 0;
        for (std::size_t p = 0; p < classes_; ++p) sum += (*this)(truth, p);
        return sum;
    }

private:
    std::size_t classes_ = 0;
    std::uint64_t total_ = 0;
    std::vector<std::uint64_t> counts_;
};

/// Share of a class's cases that were called by its name; NaN for a class without cases. Throws
/// `std::invalid_argument` for a class that the table does not have.
[[nodiscard]] inline estimate class_recall(const confusion_matrix& table, std::size_t truth,
                                           const binomial_bounds_options& options = {}) {
    const auto cases = table.cases_of(truth);
    if (cases == 0) return {};
    const double right = static_cast<double>(table(truth, truth)), all = static_cast<double>(cases);
    return {right / all, binomial_bounds(right, all, options)};
}

/// Share of all cases that were called by the name of their class.
[[nodiscard]] inline estimate accuracy(const confusion_matrix& table,
                                       const binomial_bounds_options& options = {}) {
    const double all = static_cast<double>(table.total());
    double right = 0;
    for (std::size_t i = 0; i < table.classes(); ++i) right += static_cast<double>(table(i, i));
    return {right / all, binomial_bounds(right, all, options)};
}

/// Mean of the recalls of the classes that have cases ("balanced accuracy"): each class counts the same,
/// however many cases it has.
[[nodiscard]] inline double mean_recall(const confusion_matrix& table) {
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
