#pragma once

#include <groundglass/stage.hpp>
#include <groundglass/statistics/threshold_fit.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::severity {

struct thresholds_options {
    /// Ascending cut points over the fraction (0..1). Two neighbours may be equal: the class between is
    /// empty. The next double above 1 is a cut that no fraction reaches.
    std::vector<double> cuts;
    /// One name more than cuts, from least to most severe.
    std::vector<std::string> classes;
    friend bool operator==(const thresholds_options&, const thresholds_options&) = default;
};

/// Fraction of opacity (0..1) → ordered class, by half-open intervals: the class is the number of cuts that
/// are not above the fraction, so a fraction equal to a cut belongs to the upper class.
class thresholds : public pipeable {
public:
    /// Throws `std::invalid_argument` for no cuts, cuts that descend or lie outside 0..1, or another number
    /// of class names than cuts + 1.
    explicit thresholds(thresholds_options options) : options_(std::move(options)) {
        const auto& cuts = options_.cuts;
        if (cuts.empty()) throw std::invalid_argument("thresholds: at least one cut is needed");
        for (double cut : cuts)
            if (!(cut >= 0 && cut <= std::nextafter(1.0, 2.0)))
                throw std::invalid_argument("thresholds: cuts are fractions from 0 to 1, found " +
                                            std::to_string(cut));
        if (!std::is_sorted(cuts.begin(), cuts.end()))
            throw std::invalid_argument("thresholds: cuts must ascend");
        if (options_.classes.size() != cuts.size() + 1)
            throw std::invalid_argument("thresholds: " + std::to_string(cuts.size()) + " cuts need " +
                                        std::to_string(cuts.size() + 1) + " class names, found " +
                                        std::to_string(options_.classes.size()));
    }

    /// The rule that was fitted to a cohort. Throws as above where it was fitted to other values than
    /// fractions.
    explicit thresholds(const statistics::threshold_fit& fit) : thresholds({fit.cuts, fit.classes}) {}

    /// The cuts 0.018 and 0.062 between A, B and C that the public project Timothy102/covid-ct fitted to the
    /// fraction of the lungs called ground glass or consolidation by Inf-Net in 453 patients (mean class
    /// recall 0.644 on the data they were fitted to).
    [[nodiscard]] static thresholds published() { return thresholds({{0.018, 0.062}, {"A", "B", "C"}}); }

    /// Index of the class, 0 the least severe. Throws `std::invalid_argument` for NaN or a fraction outside
    /// 0..1; a percentage handed over by mistake shows itself that way.
    [[nodiscard]] std::size_t index(double fraction) const {
        if (!(fraction >= 0 && fraction <= 1))
            throw std::invalid_argument("thresholds: the fraction must lie in 0..1 (not in percent), found " +
                                        std::to_string(fraction));
        const auto& cuts = options_.cuts;
        return static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), fraction) - cuts.begin());
    }

    /// Name of the class.
    [[nodiscard]] const std::string& operator()(double fraction) const {
        return options_.classes[index(fraction)];
    }
    [[nodiscard]] const thresholds_options& options() const { return options_; }

    friend bool operator==(const thresholds& a, const thresholds& b) { return a.options_ == b.options_; }

private:
    thresholds_options options_;
};

} // namespace groundglass::severity
