#pragma once

#include <groundglass/note.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/interval_counts.hpp>
#include <groundglass/statistics/isotonic.hpp>
#include <groundglass/statistics/savitzky_golay.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace groundglass::statistics {

/// How an interval's counts become a probability.
enum class interval_recipe {
    observed, ///< from the interval's own patients, or its neighbourhood's where `smoothing` asks for it
    published ///< as the notebook of the public project Timothy102/covid-ct does, see `published_probability`
};

struct interval_table_options {
    /// Ascending edges of the intervals, half-open, the last closed.
    std::vector<double> edges = percent_edges();
    binomial_bounds_options bounds = {};
    /// Share of positive patients (0..1) where the table will be used. None: as in the cohort. 0.5 gives the
    /// prior-free probability bounds.
    std::optional<double> prevalence = std::nullopt;
    /// Pools every interval's counts with its neighbours', by the weights of this filter (mode interp, deriv
    /// 0). A degree of 0 or 1 is a moving mean.
    std::optional<savitzky_golay_options> smoothing = std::nullopt;
    /// Makes the probability rise with the fraction, by isotonic regression.
    bool isotonic = false;
    interval_recipe recipe = interval_recipe::observed;
    /// Fractions beyond the outer edges are looked up in the end intervals; else they are an error.
    bool clamp = false;

    /// The published table's 99 intervals of 1 % and its recipe.
    [[nodiscard]] static interval_table_options compatible();
    friend bool operator==(const interval_table_options&, const interval_table_options&) = default;
};

/// One interval's row.
struct interval_row {
    double start = 0;
    double stop = 0;
    std::size_t positive = 0;
    std::size_t negative = 0;
    double positive_frequency = 0; ///< share of all positive patients
    double negative_frequency = 0; ///< share of all negative patients
    /// positive / (positive + negative frequency): the probability where both classes are equally common; NaN
    /// where the interval is empty.
    double prior_free = std::numeric_limits<double>::quiet_NaN();
    /// Of being positive, at the table's prevalence, smoothed if asked for; NaN where there is nothing to
    /// tell it by.
    double probability = std::numeric_limits<double>::quiet_NaN();
    double lower = 0; ///< bounds of the probability; 0..1 where nothing is known
    double upper = 1;
};

/// The published probability of each interval (`stats.ipynb`): the positive frequencies are replaced by one
/// constant, their sum over the mean of the numbers of filled and of all intervals; the negative ones are
/// filtered with window 17 and degree 15; the ratio (with 1e-7 above and below) is filtered twice with window
/// 7 and degree 1, clipped to 0..1 and rounded to five decimals. Reproduces the printed table to 1.4e-5.
/// Throws `std::invalid_argument` for fewer than 17 intervals, spans of different length, or no positive
/// patient in any.
[[nodiscard]] std::vector<double> published_probability(std::span<const double> positive_frequency,
                                                        std::span<const double> negative_frequency);

/// Fraction → probability of being positive with its bounds, by intervals of the fraction (1 % by default).
///
/// The probability of an interval is that of Bayes' rule, π f₁ / (π f₁ + (1-π) f₀), with the
/// class-conditional frequencies f and the prevalence π; at the cohort's own prevalence this is positive /
/// all. Its bounds are those of the binomial proportion positive / all, carried over by the same rule.
/// Smoothing pools the counts with the filter's weights w before that, and the bounds take Kish's effective
/// number (Σ w n)² / Σ w² n; isotonic regression pools neighbours further, and a pooled block's bounds are
/// those of its counts. Under the published recipe the bounds are those of the interval's own counts, widened
/// to hold the published probability.
class interval_table : public pipeable {
public:
    /// Fits the table to labelled fractions; `labels` are 1 (positive) and 0. O(n log edges). Throws
    /// `std::invalid_argument` for wrong options (see `from_counts`) and for what `count_intervals` rejects.
    interval_table(std::span<const double> fractions, std::span<const std::uint8_t> labels,
                   const interval_table_options& options = {});

    /// The table of counts taken elsewhere. Throws `std::invalid_argument` for wrong edges, another number of
    /// counts than intervals, an empty class, a class of more than 2^53, a prevalence or level not between 0
    /// and 1, and a smoothing filter that takes derivatives, has another mode than interp or is wider than
    /// the table.
    [[nodiscard]] static interval_table from_counts(interval_counts counts,
                                                    interval_table_options options = {});

    /// The row of the interval that holds the fraction. Throws `std::invalid_argument` for NaN and, unless
    /// `clamp` is set, for a fraction beyond the outer edges.
    [[nodiscard]] const interval_row& operator()(double fraction) const;

    [[nodiscard]] const std::vector<interval_row>& rows() const { return rows_; }
    [[nodiscard]] const interval_counts& counts() const { return counts_; }
    [[nodiscard]] const interval_table_options& options() const { return options_; }
    [[nodiscard]] const groundglass::notes& notes() const { return notes_; }
    [[nodiscard, deprecated("use notes()")]] const groundglass::notes& remarks() const { return notes_; }

    friend bool operator==(const interval_table& a, const interval_table& b) {
        return a.counts_ == b.counts_ && a.options_ == b.options_;
    }

private:
    interval_table(interval_counts counts, interval_table_options options);

    interval_table_options options_;
    interval_counts counts_;
    std::vector<interval_row> rows_;
    groundglass::notes notes_;
};

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using interval_recipe [[deprecated("groundglass::statistics::interval_recipe")]] =
    statistics::interval_recipe;
using interval_row [[deprecated("groundglass::statistics::interval_row")]] = statistics::interval_row;
using interval_table [[deprecated("groundglass::statistics::interval_table")]] = statistics::interval_table;
using interval_table_options [[deprecated("groundglass::statistics::interval_table_options")]] =
    statistics::interval_table_options;
using statistics::published_probability;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/interval_table.hpp>
#endif
