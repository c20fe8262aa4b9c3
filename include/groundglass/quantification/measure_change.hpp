#pragma once

#include <limits>

namespace groundglass::quantification {

/// A measured value with its central interval; the bounds are NaN where its error is not known.
struct bounded_measure {
    double value = 0;
    double lower = std::numeric_limits<double>::quiet_NaN();
    double upper = std::numeric_limits<double>::quiet_NaN();
};

struct measure_change_options {
    /// Of the two intervals given and of the one of the change, above 0 and below 1.
    double coverage = 0.9;
    /// Correlation of the errors of the two measurements, 0 where nothing is shared, below 1.
    double shared = 0;

    friend bool operator==(const measure_change_options&, const measure_change_options&) = default;
};

/// How much one measure has changed from a first to a second time, in its own unit.
struct measure_change {
    double difference = 0; ///< second less first
    /// 100 difference / first; NaN where the first is 0.
    double relative_percent = std::numeric_limits<double>::quiet_NaN();
    /// Central interval of the true difference; it holds `difference`. NaN where a bound is not known.
    double lower = std::numeric_limits<double>::quiet_NaN();
    double upper = std::numeric_limits<double>::quiet_NaN();
    /// Probabilities that the true value has fallen by more than the repeatability, risen by more, or
    /// neither; they add up to 1. NaN where a bound is not known.
    double less = std::numeric_limits<double>::quiet_NaN();
    double same = std::numeric_limits<double>::quiet_NaN();
    double more = std::numeric_limits<double>::quiet_NaN();
};

/// The change between two measurements of one patient.
///
/// Each true value is taken to be distributed around its measurement as a normal distribution with a spread
/// of its own to each side (Fechner 1897; Wallis 2014, doi:10.1214/13-STS417), so that the given bounds are
/// its quantiles. The two normal scores have the correlation `shared`: what a model misses of a patient it
/// misses at both times. The distribution of the difference follows by one integral. `repeatability` is the
/// largest difference, in the unit of the values, that counts as none.
///
/// Throws `std::invalid_argument` for a value that is infinite or NaN, for bounds that do not hold it, for a
/// negative repeatability, and for options out of range. Costs some 10 microseconds for each bound.
[[nodiscard]] measure_change change_between(const bounded_measure& first, const bounded_measure& second,
                                            double repeatability, const measure_change_options& options = {});

} // namespace groundglass::quantification

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/measure_change.hpp>
#endif
