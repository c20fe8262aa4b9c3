#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/measure_change.hpp>

#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/special_functions/erf.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::quantification {

namespace detail {

inline constexpr double no_bound = std::numeric_limits<double>::infinity();

[[nodiscard]] inline double normal_below(double score) {
    return 0.5 * std::erfc(-score / std::numbers::sqrt2);
}

/// A true value by its normal score: a line to each side of the measured value.
struct split_normal {
    double value, below, above;

    split_normal(const bounded_measure& measured, double score)
        : value(measured.value), below((measured.value - measured.lower) / score),
          above((measured.upper - measured.value) / score) {}

    [[nodiscard]] double at(double score) const { return value + (score < 0 ? below : above) * score; }
    /// The score that a true value of at most `limit` stays below.
    [[nodiscard]] double score_of(double limit) const {
        const double off = limit - value;
        const double spread = off < 0 ? below : above;
        if (spread > 0) return off / spread;
        return off < 0 ? -no_bound : no_bound;
    }
};

/// The distribution of the second true value less the first.
struct change_distribution {
    split_normal first, second;
    double shared;

    /// Scores beyond this have no weight in double precision.
    static constexpr double farthest = 8;

    [[nodiscard]] double at_most(double change) const {
        const double kink = std::clamp(first.score_of(second.value - change), -farthest, farthest);
        std::vector<double> ends{kink, 0};
        for (double end = -farthest; end <= farthest; end += 2) ends.push_back(end);
        std::sort(ends.begin(), ends.end());
        const double rest = std::sqrt(1 - shared * shared);
        const auto density = [&](double score) {
            const double limit = second.score_of(change + first.at(score));
            const double below =
                std::isinf(limit) ? (limit > 0 ? 1.0 : 0.0) : normal_below((limit - shared * score) / rest);
            return below * std::exp(-0.5 * score * score) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
        };
        double sum = 0;
        for (std::size_t i = 1; i < ends.size(); ++i)
            if (ends[i] > ends[i - 1])
                sum += boost::math::quadrature::gauss<double, 15>::integrate(density, ends[i - 1], ends[i]);
        return std::clamp(sum, 0.0, 1.0);
    }

    [[nodiscard]] double quantile(double level) const {
        double low = second.at(-farthest) - first.at(farthest);
        double high = second.at(farthest) - first.at(-farthest);
        // Each step halves what is left; 60 of them reach the spacing of doubles.
        for (int step = 0; step < 60 && low < high; ++step) {
            const double middle = low + (high - low) / 2;
            (at_most(middle) < level ? low : high) = middle;
        }
        return high;
    }
};

inline void check_measure(const bounded_measure& measured, const char* which) {
    const std::string who = std::string("change_between: the ") + which + " ";
    if (!std::isfinite(measured.value)) throw std::invalid_argument(who + "value must be a finite number");
    if (std::isnan(measured.lower) != std::isnan(measured.upper))
        throw std::invalid_argument(who + "value has one bound; it must have two or none");
    if (!std::isnan(measured.lower) &&
        !(measured.lower <= measured.value && measured.value <= measured.upper &&
          std::isfinite(measured.lower) && std::isfinite(measured.upper)))
        throw std::invalid_argument(who + "value " + std::to_string(measured.value) +
                                    " lies outside its interval from " + std::to_string(measured.lower) +
                                    " to " + std::to_string(measured.upper));
}

inline void check_options(double repeatability, const measure_change_options& options) {
    const std::string who = "change_between: ";
    if (!(repeatability >= 0 && std::isfinite(repeatability)))
        throw std::invalid_argument(who + "repeatability must be at least 0, found " +
                                    std::to_string(repeatability));
    if (!(options.coverage > 0 && options.coverage < 1))
        throw std::invalid_argument(who + "coverage must lie between 0 and 1, found " +
                                    std::to_string(options.coverage));
    if (!(options.shared >= 0 && options.shared < 1))
        throw std::invalid_argument(who + "shared must be from 0 to below 1, found " +
                                    std::to_string(options.shared));
}

} // namespace detail

GROUNDGLASS_INLINE measure_change change_between(const bounded_measure& first, const bounded_measure& second,
                                                 double repeatability,
                                                 const measure_change_options& options) {
    detail::check_measure(first, "first");
    detail::check_measure(second, "second");
    detail::check_options(repeatability, options);
    measure_change result;
    result.difference = second.value - first.value;
    if (first.value != 0) result.relative_percent = 100 * result.difference / first.value;
    if (std::isnan(first.lower) || std::isnan(second.lower)) return result;

    const double score = std::numbers::sqrt2 * boost::math::erf_inv(options.coverage);
    const detail::change_distribution change{{first, score}, {second, score}, options.shared};
    const double tail = (1 - options.coverage) / 2;
    result.lower = std::min(result.difference, change.quantile(tail));
    result.upper = std::max(result.difference, change.quantile(1 - tail));
    // A change by just the repeatability counts as none, whichever way, and whatever differences round to.
    const double none = repeatability + 1e-12 * (1 + std::abs(first.value) + std::abs(second.value));
    result.less = change.at_most(-none);
    result.more = std::min(1 - change.at_most(none), 1 - result.less);
    result.same = 1 - result.less - result.more;
    return result;
}

} // namespace groundglass::quantification
