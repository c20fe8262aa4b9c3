#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/note.hpp>
#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/bounds.hpp>
#include <groundglass/statistics/cohort.hpp>
#include <groundglass/statistics/detail/bounds.hpp>
#include <groundglass/statistics/interval_counts.hpp>
#include <groundglass/statistics/interval_table.hpp>
#include <groundglass/statistics/isotonic.hpp>
#include <groundglass/statistics/savitzky_golay.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::statistics {

namespace detail {

/// The rows of a table by its counts.
class interval_rows {
public:
    interval_rows(const interval_counts& counts, const interval_table_options& options)
        : counts_(counts), options_(options) {
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
    }

    [[nodiscard]] std::vector<interval_row> take() { return std::move(rows_); }

private:
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
        for (std::size_t i = rows_.size(); i-- > 0;)
            std::isnan(rows_[i].probability) ? rows_[i].upper = upper : upper = rows_[i].upper;
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

    const interval_counts& counts_;
    const interval_table_options& options_;
    double positives_ = 0;
    double negatives_ = 0;
    double prior_odds_ = 1; // turns the cohort's odds into those at the prevalence asked for
    std::vector<interval_row> rows_;
};

} // namespace detail

GROUNDGLASS_INLINE interval_table_options interval_table_options::compatible() {
    interval_table_options options;
    options.edges = percent_edges(99);
    options.prevalence = 0.5;
    options.recipe = interval_recipe::published;
    options.clamp = true;
    return options;
}

GROUNDGLASS_INLINE std::vector<double> published_probability(std::span<const double> positive_frequency,
                                                             std::span<const double> negative_frequency) {
    if (positive_frequency.size() != negative_frequency.size())
        throw std::invalid_argument("interval_table: the frequencies differ in length, " +
                                    std::to_string(positive_frequency.size()) + " and " +
                                    std::to_string(negative_frequency.size()));
    const auto filled = static_cast<double>(std::count_if(
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

GROUNDGLASS_INLINE interval_table::interval_table(std::span<const double> fractions,
                                                  std::span<const std::uint8_t> labels,
                                                  const interval_table_options& options)
    : interval_table(count_intervals(fractions, labels, options.edges), options) {
    auto found = check_cohort("interval_table", fractions, labels.size());
    notes_.insert(notes_.begin(), found.begin(), found.end());
}

GROUNDGLASS_INLINE const interval_row& interval_table::operator()(double fraction) const {
    const auto& edges = options_.edges;
    std::size_t interval = interval_of(fraction, edges);
    if (interval == edges.size()) {
        if (std::isnan(fraction) || !options_.clamp)
            throw std::invalid_argument("interval_table: the fraction must lie in " + shown(edges.front()) +
                                        ".." + shown(edges.back()) + " (not in percent), found " +
                                        shown(fraction));
        interval = fraction < edges.front() ? 0 : rows_.size() - 1;
    }
    return rows_[interval];
}

GROUNDGLASS_INLINE interval_table::interval_table(interval_counts counts, interval_table_options options)
    : options_(std::move(options)), counts_(std::move(counts)),
      rows_(detail::interval_rows(counts_, options_).take()) {
    if (const std::size_t outside = counts_.positive_outside + counts_.negative_outside; outside > 0)
        notes_.push_back(
            {note_level::warning, "outside_edges",
             std::to_string(outside) + " patients lie beyond the outer edges and count in no interval."});
}

GROUNDGLASS_INLINE interval_table interval_table::from_counts(interval_counts counts,
                                                              interval_table_options options) {
    return interval_table(std::move(counts), std::move(options));
}

} // namespace groundglass::statistics
