#pragma once

#include <groundglass/statistics/binomial_bounds.hpp>
#include <groundglass/statistics/bootstrap.hpp>
#include <groundglass/statistics/estimate.hpp>
#include <groundglass/statistics/roc.hpp>

namespace groundglass::statistics {

namespace detail {

/// The rank of each value, from 1; equal values share the mean of their ranks.
[[nodiscard]] inline std::vector<double> midranks(std::span<const double> values) {
    const auto order = ascending(values);
    std::vector<double> ranks(values.size());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
        const double rank = static_cast<double>(first + last) / 2 + 1;
        for (std::size_t i = first; i <= last; ++i) ranks[order[i]] = rank;
        first = last + 1;
    }
    return ranks;
}

/// For each case the share of the other class that it is ranked right against, ties half: DeLong's structural
/// components. Their mean is the area.
struct placements {
    std::vector<double> negatives;
    std::vector<double> positives;
    double area = 0;
};

[[nodiscard]] inline placements place(std::span<const double> scores, std::span<const std::uint8_t> labels) {
    std::vector<double> negatives, positives;
    for (std::size_t i = 0; i < scores.size(); ++i)
        (labels[i] == 1 ? positives : negatives).push_back(scores[i]);
    const auto among_all = midranks(scores);
    const auto among_negatives = midranks(negatives);
    const auto among_positives = midranks(positives);
    const double negative_count = static_cast<double>(negatives.size());
    const double positive_count = static_cast<double>(positives.size());
    placements result;
    double sum = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (labels[i] == 1) {
            const double below = among_all[i] - among_positives[result.positives.size()];
            sum += below; // multiples of 1/2: exact
            result.positives.push_back(below / negative_count);
        } else {
            const double below = among_all[i] - among_negatives[result.negatives.size()];
            result.negatives.push_back(1 - below / positive_count);
        }
    }
    result.area = sum / (negative_count * positive_count);
    return result;
}

/// Of the areas whose components these are; for one and the same, the variance.
[[nodiscard]] inline double covariance(const placements& a, const placements& b) {
    const auto part = [&](const std::vector<double>& x, const std::vector<double>& y) {
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - a.area) * (y[i] - b.area);
        const double count = static_cast<double>(x.size());
        return sum / (count - 1) / count;
    };
    return part(a.negatives, b.negatives) + part(a.positives, b.positives);
}

} // namespace detail

/// Area under the ROC curve: the probability that a positive case scores higher than a negative one, ties
/// counted half (Mann and Whitney's U over the number of pairs).
///
/// `labels` are 0 and 1, a higher score speaks for 1. Throws `std::invalid_argument` as `roc_curve` does.
/// O(n log n).
[[nodiscard]] inline double auc(std::span<const double> scores, std::span<const std::uint8_t> labels) {
    (void)detail::count_rankable("auc", scores, labels);
    return detail::place(scores, labels).area;
}

/// The area with DeLong's normal interval, cut at 0 and 1 (DeLong, DeLong and Clarke-Pearson 1988,
/// doi:10.2307/2531595; by midranks as Sun and Xu 2014, doi:10.1109/LSP.2014.2337313). Where the classes are
/// parted without an overlap the variance is 0 and the interval a point: it says nothing then about how few
/// cases there were.
///
/// Throws as `auc` does, for fewer than two cases of a class, and unless `level` lies between 0 and 1.
/// O(n log n).
[[nodiscard]] inline estimate auc_delong(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                         double level = 0.95) {
    detail::check_level("auc_delong", level);
    (void)detail::count_rankable("auc_delong", scores, labels, 2);
    const auto placed = detail::place(scores, labels);
    const double half =
        detail::two_sided_normal_quantile(level) * std::sqrt(detail::covariance(placed, placed));
    return {placed.area, {std::max(0.0, placed.area - half), std::min(1.0, placed.area + half)}};
}

/// The area with the percentile interval of resamples that keep the number of cases of either class.
///
/// Throws as `auc` does, for resamples outside 1..10000000, and unless `options.level` lies between 0 and 1.
/// One sort, then O(n) a resample.
[[nodiscard]] inline estimate auc_bootstrap(std::span<const double> scores,
                                            std::span<const std::uint8_t> labels,
                                            const bootstrap_options& options = {}) {
    detail::check_level("auc_bootstrap", options.level);
    const auto counts = detail::count_rankable("auc_bootstrap", scores, labels);
    detail::check_resamples("auc_bootstrap", options.resamples);
    const std::vector<std::size_t> strata(labels.begin(), labels.end());
    const stratified_bootstrap bootstrap(strata, options.seed);
    const auto order = detail::ascending(scores);
    const double pairs = static_cast<double>(counts.negatives) * static_cast<double>(counts.positives);
    std::vector<std::uint32_t> times(scores.size());
    std::vector<double> areas(options.resamples);
    for (std::size_t index = 0; index < areas.size(); ++index) {
        bootstrap.count(index, times);
        std::uint64_t twice = 0, below = 0; // of the pairs ranked right; of the negatives
        for (std::size_t i = 0; i < order.size();) {
            const double score = scores[order[i]];
            std::uint64_t negatives = 0, positives = 0;
            for (; i < order.size() && scores[order[i]] == score; ++i)
                (labels[order[i]] == 1 ? positives : negatives) += times[order[i]];
            twice += positives * (2 * below + negatives);
            below += negatives;
        }
        areas[index] = static_cast<double>(twice) / (2 * pairs);
    }
    return {detail::place(scores, labels).area, percentile_interval(areas, options.level)};
}

/// Two areas over the same cases.
struct auc_comparison {
    double first = 0;
    double second = 0;
    double difference = 0; ///< first - second
    bounds interval;       ///< of the difference
    double z = 0;
    double p_value = 0; ///< two-sided, of no difference
};

/// DeLong's test of two scores of the same cases. Where the difference has no variance `z` is 0 for equal
/// areas, else infinite.
///
/// Throws as `auc_delong` does, for either score. O(n log n).
[[nodiscard]] inline auc_comparison compare_auc(std::span<const double> first, std::span<const double> second,
                                                std::span<const std::uint8_t> labels, double level = 0.95) {
    detail::check_level("compare_auc", level);
    (void)detail::count_rankable("compare_auc (first)", first, labels, 2);
    (void)detail::count_rankable("compare_auc (second)", second, labels, 2);
    const auto a = detail::place(first, labels);
    const auto b = detail::place(second, labels);
    const double variance =
        detail::covariance(a, a) + detail::covariance(b, b) - 2 * detail::covariance(a, b);
    const double error = std::sqrt(std::max(0.0, variance));
    const double difference = a.area - b.area;
    const double half = detail::two_sided_normal_quantile(level) * error;
    const double z = difference == 0 ? 0 : difference / error;
    const double p_value = std::erfc(std::abs(z) / std::sqrt(2.0));
    return {a.area, b.area, difference, {difference - half, difference + half}, z, p_value};
}

} // namespace groundglass::statistics
