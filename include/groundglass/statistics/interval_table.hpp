#pragma once

#include <groundglass/stage.hpp>
#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/interval_counts.hpp>
#include <groundglass/statistics/isotonic.hpp>
#include <groundglass/statistics/savitzky_golay.hpp>

#include <numeric>
#include <optional>
#include <utility>

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
    [[nodiscard]] static interval_table_options compatible() {
        interval_table_options options;
        options.edges = percent_edges(99);
        options.prevalence = 0.5;
        options.recipe = interval_recipe::published;
        options.clamp = true;
        return options;
    }
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
[[nodiscard]] inline std::vector<double> published_probability(std::span<const double> positive_frequency,
                                                               std::span<const double> negative_frequency) {
    if (positive_frequency.size() != negative_frequency.size())
        throw std::invalid_argument("interval_table: the frequencies differ in length, " +
                                    std::to_string(positive_frequency.size()) + " and " +
                                    std::to_string(negative_frequency.size()));
    const double filled = static_cast<double>(std::count_if(
        positive_frequency.begin(), positive_frequency.end(), [](double share) { return share > 0; }));
    if (filled == 0)
        throw std::invalid_argument(
            "interval_table: the published recipe needs a positive patient in an interval");
    const double sum = std::accumulate(positive_frequency.begin(), positive_frequency.end(), 0.0);
    const double constant = sum / ((filled + static_cast<double>(positive_frequency.size())) / 2);
    constexpr double epsilon = 1e-7;
    auto probability = savitzky_golay({.window = 17, .degree = 15})(negative_frequency);
    for (double& value : probability) value = (constant + epsilon) / (value + constant + epsilon);
    const savitzky_golay mean_of_seven({.window = 7, .degree = 1});
    probability = mean_of_seven(mean_of_seven(probability));
    for (double& value : probability) value = std::nearbyint(std::clamp(value, 0.0, 1.0) * 1e5) / 1e5;
    return probability;
}

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
                   const interval_table_options& options = {})
        : interval_table(count_intervals(fractions, labels, options.edges), options) {
        auto found = check_cohort("interval_table", fractions, labels.size());
        remarks_.insert(remarks_.begin(), found.begin(), found.end());
    }

    /// The table of counts taken elsewhere. Throws `std::invalid_argument` for wrong edges, another number of
    /// counts than intervals, an empty class, a class of more than 2^53, a prevalence or level not between 0
    /// and 1, and a smoothing filter that takes derivatives, has another mode than interp or is wider than
    /// the table.
    [[nodiscard]] static interval_table from_counts(interval_counts counts,
                                                    interval_table_options options = {}) {
        return interval_table(std::move(counts), std::move(options));
    }

    /// The row of the interval that holds the fraction. Throws `std::invalid_argument` for NaN and, unless
    /// `clamp` is set, for a fraction beyond the outer edges.
    [[nodiscard]] const interval_row& operator()(double fraction) const {
        const auto& edges = options_.edges;
        std::size_t interval = interval_of(fraction, edges);
        if (interval == edges.size()) {
            if (std::isnan(fraction) || !options_.clamp)
                throw std::invalid_argument("interval_table: the fraction must lie in " +
                                            shown(edges.front()) + ".." + shown(edges.back()) +
                                            " (not in percent), found " + shown(fraction));
            interval = fraction < edges.front() ? 0 : rows_.size() - 1;
        }
        return rows_[interval];
    }

    [[nodiscard]] const std::vector<interval_row>& rows() const { return rows_; }
    [[nodiscard]] const interval_counts& counts() const { return counts_; }
    [[nodiscard]] const interval_table_options& options() const { return options_; }
    [[nodiscard]] const notes& remarks() const { return remarks_; }

    friend bool operator==(const interval_table& a, const interval_table& b) {
        return a.counts_ == b.counts_ && a.options_ == b.options_;
    }

private:
    interval_table(interval_counts counts, interval_table_options options)
        : options_(std::move(options)), counts_(std::move(counts)) {
        check();
        const std::size_t size = counts_.positive.size();
        rows_.resize(size);
        std::vector<double> positive(counts_.positive.begin(), counts_.positive.end());
        std::vector<double> all(size);
        for (std::size_t i = 0; i < size; ++i) {
            auto& row = rows_[i];
            row.start = options_.edges[i];
            row.stop = options_.edges[i + 1];
            row.positive = counts_.positive[i];
            row.negative = counts_.negative[i];
            row.positive_frequency = static_cast<double>(row.positive) / positives_;
            row.negative_frequency = static_cast<double>(row.negative) / negatives_;
            row.prior_free = row.positive_frequency / (row.positive_frequency + row.negative_frequency);
            all[i] = static_cast<double>(row.positive) + static_cast<double>(row.negative);
        }
        if (options_.smoothing) smooth(positive, all);
        std::vector<double> share(size);
        for (std::size_t i = 0; i < size; ++i)
            share[i] = all[i] > 0 ? positive[i] / all[i] : std::numeric_limits<double>::quiet_NaN();
        if (options_.isotonic)
            pool(share, all);
        else
            for (std::size_t i = 0; i < size; ++i) fill(rows_[i], share[i], all[i]);
        if (options_.recipe == interval_recipe::published) publish();
        if (const std::size_t outside = counts_.positive_outside + counts_.negative_outside; outside > 0)
            remarks_.push_back({note_level::warning, "outside_edges",
                                std::to_string(outside) +
                                    " patients lie beyond the outer edges and count in no "
                                    "interval."});
    }

    void check() {
        check_edges(options_.edges);
        detail::check_level("interval_table", options_.bounds.level);
        const std::size_t size = options_.edges.size() - 1;
        if (counts_.positive.size() != size || counts_.negative.size() != size)
            throw std::invalid_argument("interval_table: " + std::to_string(size) +
                                        " intervals need as many counts of each class, found " +
                                        std::to_string(counts_.positive.size()) + " and " +
                                        std::to_string(counts_.negative.size()));
        // No cohort has so many, their sums can't wrap, and a double tells neighbouring ones apart.
        constexpr std::size_t most = std::size_t{1} << 53;
        const auto total = [](const std::vector<std::size_t>& c, std::size_t outside) {
            std::size_t sum = 0;
            const auto add = [&](std::size_t count) {
                if (count > most - sum)
                    throw std::invalid_argument(
                        "interval_table: the counts of a class add up to more than 2^53");
                sum += count;
            };
            add(outside);
            for (const std::size_t count : c) add(count);
            return static_cast<double>(sum);
        };
        positives_ = total(counts_.positive, counts_.positive_outside);
        negatives_ = total(counts_.negative, counts_.negative_outside);
        if (positives_ == 0 || negatives_ == 0)
            throw std::invalid_argument("interval_table: both classes need a patient, found " +
                                        std::to_string(static_cast<std::size_t>(positives_)) +
                                        " positive and " +
                                        std::to_string(static_cast<std::size_t>(negatives_)) + " negative");
        const double prevalence = options_.prevalence.value_or(0.5);
        if (!(prevalence > 0 && prevalence < 1))
            throw std::invalid_argument("interval_table: prevalence must lie between 0 and 1, found " +
                                        shown(prevalence));
        if (options_.prevalence) prior_odds_ = prevalence / (1 - prevalence) * (negatives_ / positives_);
        if (options_.smoothing &&
            (options_.smoothing->mode != edge_mode::interp || options_.smoothing->deriv > 0))
            throw std::invalid_argument("interval_table: smoothing takes mode interp and deriv 0");
        if (options_.smoothing && options_.smoothing->window > size)
            throw std::invalid_argument("interval_table: the smoothing window of " +
                                        std::to_string(options_.smoothing->window) + " is longer than the " +
                                        std::to_string(size) + " intervals");
    }

    /// A proportion among the cohort's patients, at the prevalence asked for.
    [[nodiscard]] double at_prevalence(double share) const {
        if (prior_odds_ == 1 || share == 0 || share == 1) return share;
        return share * prior_odds_ / (share * prior_odds_ + (1 - share));
    }

    void fill(interval_row& row, double share, double all) const {
        if (!(all > 0)) return;
        const bounds found = binomial_bounds(share * all, all, options_.bounds);
        row.probability = at_prevalence(share);
        row.lower = std::min(at_prevalence(found.lower), row.probability);
        row.upper = std::max(at_prevalence(found.upper), row.probability);
    }

    /// Replaces the counts by effective counts of each interval's neighbourhood.
    void smooth(std::vector<double>& positive, std::vector<double>& all) const {
        const savitzky_golay filter(*options_.smoothing);
        const std::size_t window = options_.smoothing->window, reach = window / 2;
        std::vector<std::vector<double>> weights;
        for (std::size_t position = 0; position < window; ++position)
            weights.push_back(filter.weights(position));
        const auto seen_positive = positive, seen = all;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::size_t first = std::min(i > reach ? i - reach : 0, all.size() - window);
            double with = 0, without = 0, squares = 0;
            for (std::size_t j = 0; j < window; ++j) {
                const double weight = weights[i - first][j];
                with += weight * seen_positive[first + j];
                without += weight * (seen[first + j] - seen_positive[first + j]);
                squares += weight * weight * seen[first + j];
            }
            // Weights below zero can push a class below none.
            with = std::max(with, 0.0), without = std::max(without, 0.0);
            const double sum = with + without;
            all[i] = sum > 0 ? sum * sum / squares : 0;
            positive[i] = sum > 0 ? std::min(with / sum, 1.0) * all[i] : 0;
        }
    }

    /// Isotonic regression over the intervals that hold anything. An empty interval within a block has the
    /// block's row; one between two blocks has no probability, but lies between their bounds.
    void pool(const std::vector<double>& share, const std::vector<double>& all) {
        std::vector<double> values, weights;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < share.size(); ++i)
            if (all[i] > 0) {
                values.push_back(share[i]);
                weights.push_back(all[i]);
                places.push_back(i);
            }
        for (const auto& block : isotonic_blocks(values, weights)) {
            const std::size_t last = places[block.first + block.count - 1];
            for (std::size_t i = places[block.first]; i <= last; ++i)
                fill(rows_[i], std::clamp(block.value, 0.0, 1.0), block.weight);
        }
        double lower = 0, upper = 1;
        for (auto& row : rows_) std::isnan(row.probability) ? row.lower = lower : lower = row.lower;
        for (auto row = rows_.rbegin(); row != rows_.rend(); ++row)
            std::isnan(row->probability) ? row->upper = upper : upper = row->upper;
    }

    void publish() {
        std::vector<double> positive, negative;
        for (const auto& row : rows_) {
            positive.push_back(row.positive_frequency);
            negative.push_back(row.negative_frequency);
        }
        const auto probability = published_probability(positive, negative);
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            rows_[i].probability = probability[i];
            rows_[i].lower = std::min(rows_[i].lower, probability[i]);
            rows_[i].upper = std::max(rows_[i].upper, probability[i]);
        }
    }

    interval_table_options options_;
    interval_counts counts_;
    double positives_ = 0;
    double negatives_ = 0;
    double prior_odds_ = 1; ///< turns the cohort's odds into those at the prevalence asked for
    std::vector<interval_row> rows_;
    notes remarks_;
};

} // namespace groundglass::statistics
