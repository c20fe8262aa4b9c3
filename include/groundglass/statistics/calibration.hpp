#pragma once

#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/bootstrap.hpp>
#include <groundglass/statistics/estimate.hpp>
#include <groundglass/statistics/interval_counts.hpp>
#include <groundglass/statistics/roc.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

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

/// Brier's score: mean squared distance of probability and label (Brier 1950). 0 is perfect; a constant
/// probability p at a prevalence p scores p (1 - p). Labels of one class alone are taken: the score is then
/// the mean squared distance from that class, and says nothing of how well classes are told apart.
///
/// Throws `std::invalid_argument` for spans of different length or none, probabilities outside 0..1, and
/// labels other than 0 and 1. O(n).
[[nodiscard]] double brier_score(std::span<const double> probabilities, std::span<const std::uint8_t> labels);

/// How often the positive class comes true where a probability was predicted, bin by bin, with the bounds of
/// a proportion. Labels of one class alone are taken: every filled bin has then observed 0 or 1. Throws as
/// `brier_score` does, for bins outside 1..10000, and unless the level lies between 0 and 1. O(n log n).
[[nodiscard]] calibration calibration_curve(std::span<const double> probabilities,
                                            std::span<const std::uint8_t> labels,
                                            const calibration_options& options = {});

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using statistics::brier_score;
using calibration [[deprecated("groundglass::statistics::calibration")]] = statistics::calibration;
using calibration_bin [[deprecated("groundglass::statistics::calibration_bin")]] =
    statistics::calibration_bin;
using calibration_bins [[deprecated("groundglass::statistics::calibration_bins")]] =
    statistics::calibration_bins;
using statistics::calibration_curve;
using calibration_options [[deprecated("groundglass::statistics::calibration_options")]] =
    statistics::calibration_options;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/calibration.hpp>
#endif
