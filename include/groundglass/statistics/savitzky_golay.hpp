#pragma once

#include <groundglass/stage.hpp>
#include <groundglass/statistics/orthonormal_polynomials.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace groundglass::statistics {

namespace detail {
class window_fit;
}

/// What stands beyond the ends of the series: SciPy's five modes. For `a b c d`:
enum class edge_mode {
    interp,   ///< nothing: the first and the last half window are read off the polynomial of the end window
    mirror,   ///< `c b | a b c d | c b`
    nearest,  ///< `a a | a b c d | d d`
    constant, ///< `cval cval | a b c d | cval cval`
    wrap      ///< `c d | a b c d | a b`
};

/// What a NaN in the series means.
enum class missing_rule {
    keep,     ///< windows are fitted to the values they have; a NaN stays NaN
    fill,     ///< as `keep`, and a NaN is replaced by the value of its window's polynomial
    propagate ///< as SciPy: every value whose window holds a NaN is NaN
};

struct savitzky_golay_options {
    /// Points of the moving window, odd.
    std::size_t window = 7;
    /// Of the polynomial fitted to each window, below `window`.
    std::size_t degree = 2;
    /// 0 smooths; n gives the n-th derivative of the polynomial, n not above `degree`.
    std::size_t deriv = 0;
    /// Distance of the points, for derivatives.
    double delta = 1.0;
    edge_mode mode = edge_mode::interp;
    /// The value beyond the ends for `edge_mode::constant`.
    double cval = 0.0;
    missing_rule missing = missing_rule::keep;
    friend bool operator==(const savitzky_golay_options&, const savitzky_golay_options&) = default;
};

/// Series → smoothed series or derivative of the same length: a polynomial is fitted to each window by least
/// squares and read off at the window's middle (Savitzky and Golay 1964, doi:10.1021/ac60214a047).
///
/// The fit goes through polynomials orthonormal over the window, in long double: weights are right to 1e-15
/// at (window, degree) = (7, 1), (17, 15), (51, 10) and (101, 20), where a fit by powers of x is off by up to
/// 3e-4 or gives zeros. `degree` next to `window` hardly smooths and rings: (17, 15) keeps 72 % of the middle
/// point's weight.
///
/// Values of any magnitude keep their digits: where products of weights and values could leave the range of
/// double, sums are taken in long double.
///
/// Cost: O(window · degree²) once, then O(window) a value; values whose window holds a NaN O(window ·
/// degree²).
class savitzky_golay : public pipeable {
public:
    /// Throws `std::invalid_argument` for an even window, a degree not below it, window · (degree + 1) above
    /// 2^24, a derivative above the degree, a spacing that is not positive, an infinite `cval`, and a spacing
    /// so small or large that the derivative's weights are no doubles.
    explicit savitzky_golay(savitzky_golay_options options = {});

    /// Filters `series` into `result`, equally long; T is double or float, sums are taken in double. Throws
    /// `std::invalid_argument` for a series shorter than the window or with an infinity, for a result of
    /// another length, and for filtered values beyond the largest T.
    template <class T>
    void filter(std::span<const T> series, std::span<T> result) const;

    /// The filtered series. Throws as `filter` does.
    [[nodiscard]] std::vector<double> operator()(std::span<const double> series) const;
    [[nodiscard]] std::vector<double> operator()(const std::vector<double>& series) const;
    [[nodiscard]] std::vector<float> operator()(std::span<const float> series) const;
    [[nodiscard]] std::vector<float> operator()(const std::vector<float>& series) const;

    /// Values at places of any spacing: each is read off the polynomial of the `window` points around it (of
    /// the end window near the ends), so `delta` plays no part and derivatives are by `places`. Costs
    /// O(window · degree²) a value. Throws `std::invalid_argument` as above, and for places that do not
    /// ascend or are not finite, another number of places than values, a mode other than `interp`, which
    /// alone knows what to do there, places of which too few can be told apart in their window, and values
    /// beyond the largest double.
    [[nodiscard]] std::vector<double> operator()(std::span<const double> series,
                                                 std::span<const double> places) const;

    /// Weights of the window's values for the reading at its `position`-th point (the middle: `window / 2`),
    /// in the window's order, so that the reading is their dot product. Throws `std::invalid_argument` for a
    /// position that is not below the window.
    [[nodiscard]] std::vector<double> weights(std::size_t position) const;
    [[nodiscard]] const savitzky_golay_options& options() const { return options_; }

    friend bool operator==(const savitzky_golay& a, const savitzky_golay& b) {
        return a.options_ == b.options_;
    }

private:
    savitzky_golay_options options_;
    std::shared_ptr<const detail::window_fit> fit_; // shared, so that copies of the stage are cheap
};

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using edge_mode [[deprecated("groundglass::statistics::edge_mode")]] = statistics::edge_mode;
using missing_rule [[deprecated("groundglass::statistics::missing_rule")]] = statistics::missing_rule;
using savitzky_golay [[deprecated("groundglass::statistics::savitzky_golay")]] = statistics::savitzky_golay;
using savitzky_golay_options [[deprecated("groundglass::statistics::savitzky_golay_options")]] =
    statistics::savitzky_golay_options;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/savitzky_golay.hpp>
#endif
