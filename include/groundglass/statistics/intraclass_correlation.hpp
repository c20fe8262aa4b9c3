#pragma once

#include <groundglass/statistics/estimate.hpp>
#include <groundglass/statistics/exact_sum.hpp>

#include <cstddef>
#include <span>

namespace groundglass::statistics {

/// Intraclass correlations of single ratings, where the same raters rate every case (Shrout and Fleiss 1979,
/// doi:10.1037/0033-2909.86.2.420).
struct intraclass_correlation {
    std::size_t cases = 0;
    std::size_t raters = 0;
    /// ICC(2,1), two-way random, absolute agreement: raters stand for others, and a rater who always reads
    /// higher counts against it.
    estimate agreement;
    /// ICC(3,1), two-way mixed, consistency: these raters only; a constant difference between them is left
    /// out.
    estimate consistency;
    double mean_square_cases = 0;
    double mean_square_raters = 0;
    double mean_square_error = 0;
};

/// ICC(2,1) and ICC(3,1) with intervals from the F distribution (McGraw and Wong 1996,
/// doi:10.1037/1082-989X.1.1.30; for ICC(2,1) with Satterthwaite's degrees of freedom).
///
/// Cases that do not differ leave ICC(3,1) without an answer where the raters differ by a constant alone,
/// ICC(2,1) without an interval where its degrees of freedom vanish, and without an answer where its
/// denominator does (two raters that swap two cases): NaN. The correlations do not depend on the ratings'
/// unit or zero and keep their digits for ratings of any magnitude; differences of less than 1e-15 of the
/// furthest rating from the mean count as none.
///
/// `ratings` holds case after case the ratings of all `raters`. Throws `std::invalid_argument` for fewer than
/// two cases or raters, a length that is no multiple of `raters`, ratings that are not finite or all equal,
/// or so large that their mean squares are beyond the largest double (from about 1e154), and unless `level`
/// lies between 0 and 1. O(n).
[[nodiscard]] intraclass_correlation intraclass_correlations(std::span<const double> ratings,
                                                             std::size_t raters, double level = 0.95);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using intraclass_correlation [[deprecated("groundglass::statistics::intraclass_correlation")]] =
    statistics::intraclass_correlation;
using statistics::intraclass_correlations;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/intraclass_correlation.hpp>
#endif
