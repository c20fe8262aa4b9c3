#pragma once

#include <groundglass/config.hpp>
#include <groundglass/severity/grade_probability.hpp>
#include <groundglass/severity/thresholds.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

namespace groundglass::severity {

GROUNDGLASS_INLINE uncertain_fraction::uncertain_fraction(std::span<const double> levels,
                                                          std::span<const double> fractions) {
    const std::string who = "uncertain_fraction";
    const std::size_t count = levels.size();
    if (fractions.size() != count)
        throw std::invalid_argument(who + ": levels and fractions differ in length, " +
                                    std::to_string(count) + " and " + std::to_string(fractions.size()));
    if (count < 2)
        throw std::invalid_argument(who + ": at least two quantiles are needed, found " +
                                    std::to_string(count));
    for (std::size_t i = 0; i < count; ++i) {
        if (!(levels[i] > (i == 0 ? 0 : levels[i - 1]) && levels[i] < 1))
            throw std::invalid_argument(who + ": levels must ascend between 0 and 1, found " +
                                        std::to_string(levels[i]) + " at index " + std::to_string(i));
        if (!(fractions[i] >= (i == 0 ? 0 : fractions[i - 1]) && fractions[i] <= 1))
            throw std::invalid_argument(who + ": fractions must not descend and lie in 0..1 (not in " +
                                        "percent), found " + std::to_string(fractions[i]) + " at index " +
                                        std::to_string(i));
    }
    // A tail that would reach past 0 or 1 stops there with the probability that is left over.
    const double slope_below = (fractions[1] - fractions[0]) / (levels[1] - levels[0]);
    const double slope_above =
        (fractions[count - 1] - fractions[count - 2]) / (levels[count - 1] - levels[count - 2]);
    const double least = fractions[0] - slope_below * levels[0];
    const double most = fractions[count - 1] + slope_above * (1 - levels[count - 1]);
    add(0, std::max(least, 0.0));
    if (least < 0) add(levels[0] - fractions[0] / slope_below, 0);
    for (std::size_t i = 0; i < count; ++i) add(levels[i], fractions[i]);
    if (most > 1) add(levels[count - 1] + (1 - fractions[count - 1]) / slope_above, 1);
    add(1, std::min(most, 1.0));
}

GROUNDGLASS_INLINE double uncertain_fraction::below(double limit) const {
    if (!(limit > fractions_.front())) return 0;
    const auto at = std::lower_bound(fractions_.begin(), fractions_.end(), limit);
    if (at == fractions_.end()) return 1;
    const auto i = static_cast<std::size_t>(at - fractions_.begin()); // fractions_[i - 1] < limit
    const double part = (limit - fractions_[i - 1]) / (fractions_[i] - fractions_[i - 1]);
    return levels_[i - 1] + part * (levels_[i] - levels_[i - 1]);
}

GROUNDGLASS_INLINE double uncertain_fraction::quantile(double level) const {
    const auto at = std::lower_bound(levels_.begin(), levels_.end(), level);
    if (at == levels_.begin()) return fractions_.front();
    if (at == levels_.end()) return fractions_.back();
    const auto i = static_cast<std::size_t>(at - levels_.begin()); // levels_[i - 1] < level
    const double part = (level - levels_[i - 1]) / (levels_[i] - levels_[i - 1]);
    return fractions_[i - 1] + part * (fractions_[i] - fractions_[i - 1]);
}

GROUNDGLASS_INLINE grade_probabilities grade_probability(std::span<const double> levels,
                                                         std::span<const double> fractions,
                                                         std::span<const double> cuts, double central) {
    const std::string who = "grade_probability";
    if (cuts.empty()) throw std::invalid_argument(who + ": at least one cut is needed");
    for (std::size_t i = 0; i < cuts.size(); ++i)
        if (!(cuts[i] >= (i == 0 ? 0 : cuts[i - 1]) && cuts[i] <= std::nextafter(1.0, 2.0)))
            throw std::invalid_argument(who + ": cuts must ascend in 0..1, found " + std::to_string(cuts[i]) +
                                        " at index " + std::to_string(i));
    if (!(central > 0 && central < 1))
        throw std::invalid_argument(who + ": central must lie between 0 and 1, found " +
                                    std::to_string(central));
    const uncertain_fraction distribution(levels, fractions);
    grade_probabilities result;
    result.lower = distribution.quantile((1 - central) / 2);
    result.upper = distribution.quantile((1 + central) / 2);
    double before = 0;
    for (const double cut : cuts) {
        const double below = std::max(before, distribution.below(cut));
        result.probability.push_back(below - before);
        before = below;
        if (result.lower < cut && cut <= result.upper) result.cuts_within.push_back(cut);
    }
    result.probability.push_back(1 - before);
    return result;
}

GROUNDGLASS_INLINE grade_probabilities grade_probability(std::span<const double> levels,
                                                         std::span<const double> fractions,
                                                         const thresholds& stage, double central) {
    return grade_probability(levels, fractions, stage.options().cuts, central);
}

} // namespace groundglass::severity
