#pragma once

#include <groundglass/stage.hpp>
#include <groundglass/statistics/threshold_fit.hpp>

#include <cstddef>
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
    explicit thresholds(thresholds_options options);

    /// The rule that was fitted to a cohort. Throws as above where it was fitted to other values than
    /// fractions.
    explicit thresholds(const statistics::threshold_fit& fit) : thresholds({fit.cuts, fit.classes}) {}

    /// The cuts 0.018 and 0.062 between A, B and C that the public project Timothy102/covid-ct fitted to the
    /// fraction of the lungs called ground glass or consolidation by Inf-Net in 453 patients (mean class
    /// recall 0.644 on the data they were fitted to).
    [[nodiscard]] static thresholds published();

    /// Index of the class, 0 the least severe. Throws `std::invalid_argument` for NaN or a fraction outside
    /// 0..1; a percentage handed over by mistake shows itself that way.
    [[nodiscard]] std::size_t index(double fraction) const;

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

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using thresholds [[deprecated("groundglass::severity::thresholds")]] = severity::thresholds;
using thresholds_options [[deprecated("groundglass::severity::thresholds_options")]] =
    severity::thresholds_options;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/severity/detail/thresholds.hpp>
#endif
