#pragma once

#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/estimate.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace groundglass::statistics {

/// How often each true class was called each class.
class confusion_matrix {
public:
    /// `truth` and `predicted` hold classes from 0 to `classes - 1`. Throws `std::invalid_argument` for spans
    /// of different length or none, fewer than two classes, and a class that is not below `classes`.
    confusion_matrix(std::span<const std::size_t> truth, std::span<const std::size_t> predicted,
                     std::size_t classes);
    /// `counts[truth * classes + predicted]`, as they were taken elsewhere. Throws `std::invalid_argument`
    /// for fewer than two classes, other than `classes`² counts, no cases, and more than 2^53 of them.
    confusion_matrix(std::size_t classes, std::vector<std::uint64_t> counts);

    [[nodiscard]] std::size_t classes() const { return classes_; }
    /// Number of cases.
    [[nodiscard]] std::uint64_t total() const { return total_; }
    /// Throws `std::invalid_argument` for a class that is not below `classes()`.
    [[nodiscard]] std::uint64_t operator()(std::size_t truth, std::size_t predicted) const;
    /// Number of cases whose true class this is. Throws as above.
    [[nodiscard]] std::uint64_t cases_of(std::size_t truth) const;
    /// By truth, then by prediction.
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }

private:
    static void check_classes(std::size_t classes);

    std::size_t classes_ = 0;
    std::uint64_t total_ = 0;
    std::vector<std::uint64_t> counts_;
};

/// Share of a class's cases that were called by its name; NaN for a class without cases. Throws
/// `std::invalid_argument` for a class that the table does not have.
[[nodiscard]] estimate class_recall(const confusion_matrix& table, std::size_t truth,
                                    const binomial_bounds_options& options = {});

/// Share of all cases that were called by the name of their class.
[[nodiscard]] estimate accuracy(const confusion_matrix& table, const binomial_bounds_options& options = {});

/// Mean of the recalls of the classes that have cases ("balanced accuracy"): each class counts the same,
/// however many cases it has.
[[nodiscard]] double mean_recall(const confusion_matrix& table);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using statistics::accuracy;
using statistics::class_recall;
using confusion_matrix [[deprecated("groundglass::statistics::confusion_matrix")]] =
    statistics::confusion_matrix;
using statistics::mean_recall;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/confusion_matrix.hpp>
#endif
