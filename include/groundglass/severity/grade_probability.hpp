#pragma once

#include <groundglass/severity/thresholds.hpp>

#include <span>
#include <vector>

namespace groundglass::severity {

/// An uncertain fraction (0..1) by its quantiles.
///
/// Between two quantiles the cumulative probability is a straight line; equal neighbours are a jump. Beyond
/// the outermost ones the line goes on with the slope of the outermost interval until the probability is used
/// up, but not past 0 and 1, where the rest lies. An outermost jump takes its tail's probability as well.
class uncertain_fraction {
public:
    /// `levels` ascend strictly between 0 and 1, `fractions[i]` is the quantile of `levels[i]`. Throws
    /// `std::invalid_argument` for spans of different length, fewer than two quantiles, levels that do not
    /// ascend or lie outside, and fractions that descend or lie outside 0..1.
    uncertain_fraction(std::span<const double> levels, std::span<const double> fractions);

    /// Probability of a fraction less than `limit`.
    [[nodiscard]] double below(double limit) const;

    /// The fraction that `level` (0..1) of the probability lies below.
    [[nodiscard]] double quantile(double level) const;

private:
    void add(double level, double fraction) {
        levels_.push_back(level);
        fractions_.push_back(fraction);
    }

    std::vector<double> levels_;
    std::vector<double> fractions_;
};

/// How probable each class is, and whether the central interval leaves a doubt.
struct grade_probabilities {
    std::vector<double> probability; ///< of each class, least severe first; they add up to 1
    double lower = 0;                ///< ends of the central interval of the fraction
    double upper = 0;
    /// The cuts within the interval: its two ends lie in different classes. A cut equal to the upper end is
    /// within, as that end belongs to the class above; one equal to the lower end is not.
    std::vector<double> cuts_within;

    [[nodiscard]] bool near_cut() const { return !cuts_within.empty(); }
};

/// The probability of every class between `cuts`, as `thresholds` makes them: a fraction equal to a cut
/// belongs to the upper class. `central` is the share of the probability in the interval that flags a cut.
///
/// `levels` and `fractions` are quantiles as `uncertain_fraction` takes them, `cuts` ascend in 0..1. Throws
/// `std::invalid_argument` as `uncertain_fraction` does, for no cuts or cuts that descend or lie outside
/// 0..1, and unless `central` lies between 0 and 1. O((quantiles + cuts) log quantiles).
[[nodiscard]] grade_probabilities grade_probability(std::span<const double> levels,
                                                    std::span<const double> fractions,
                                                    std::span<const double> cuts, double central = 0.90);

/// The same for the classes of a stage.
[[nodiscard]] grade_probabilities grade_probability(std::span<const double> levels,
                                                    std::span<const double> fractions,
                                                    const thresholds& stage, double central = 0.90);

} // namespace groundglass::severity

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/severity/detail/grade_probability.hpp>
#endif
