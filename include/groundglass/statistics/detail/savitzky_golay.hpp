#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/orthonormal_polynomials.hpp>
#include <groundglass/statistics/savitzky_golay.hpp>
#include <groundglass/wide.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace groundglass::statistics {

namespace detail {

/// The polynomial of a window, and what is read off it.
class window_fit {
public:
    explicit window_fit(const savitzky_golay_options& options)
        : options_(checked(options)), basis_(offsets(), options_.degree) {
        const auto places = offsets();
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (options_.deriv > 0) {
                readings_.push_back(reading(basis_, places[i]));
                continue;
            }
            readings_.emplace_back();
            for (std::size_t k = 0; k <= options_.degree; ++k)
                readings_.back().push_back(basis_.at_points(k)[i]);
        }
        weights_ = weights(half());
        const double largest = largest_of(std::span<const double>(weights_));
        if (!(largest >= std::numeric_limits<double>::min()) || !std::isfinite(largest)) refuse_delta();
        moderate_ = is_moderate(largest);
    }

    template <class T>
    void filter(std::span<const T> series, std::span<T> result) const {
        check_length(series.size());
        if (result.size() != series.size())
            throw std::invalid_argument("savitzky_golay: the result must be as long as the series");
        const std::size_t n = series.size(), reach = half();
        const bool hopeful =
            moderate_ && (options_.mode != edge_mode::constant || is_moderate(std::abs(options_.cval)));
        const bool usual = hopeful && convolve_moderate(series, result);
        const auto [missing, largest] = usual ? checked_series{false, 1} : check_series(series);
        const bool moderate = usual || (hopeful && is_moderate(largest));
        if (!usual) convolve(series, result, moderate);
        if (options_.mode == edge_mode::interp) {
            read_end(series.first(options_.window), 0, result.first(reach));
            read_end(series.last(options_.window), reach + 1, result.last(reach));
        } else {
            continue_beyond(series, 0, result.first(reach), moderate);
            continue_beyond(series, n - reach, result.last(reach), moderate);
        }
        if (missing && options_.missing != missing_rule::propagate) mend(series, result);
        // Sums of moderate doubles stay within a double.
        if (std::is_same_v<T, double> && moderate && !missing) return;
        for (std::size_t i = 0; i < n; ++i)
            if (std::isinf(result[i])) refuse_value(i);
    }

    [[nodiscard]] std::vector<double> at(std::span<const double> series,
                                         std::span<const double> places) const {
        (void)check_series(series);
        if (places.size() != series.size())
            throw std::invalid_argument("savitzky_golay: " + std::to_string(series.size()) +
                                        " values need as many places, found " +
                                        std::to_string(places.size()));
        if (options_.mode != edge_mode::interp)
            throw std::invalid_argument(
                "savitzky_golay: with places of their own only mode interp has a meaning");
        for (std::size_t i = 0; i < places.size(); ++i)
            if (!std::isfinite(places[i]) || (i > 0 && !(places[i] > places[i - 1])))
                throw std::invalid_argument("savitzky_golay: places must ascend and be finite; place " +
                                            std::to_string(i) + " is " + std::to_string(places[i]));
        std::vector<double> result(series.size());
        for (std::size_t i = 0; i < series.size(); ++i) {
            const std::size_t first = std::min(i > half() ? i - half() : 0, series.size() - options_.window);
            result[i] = std::isnan(series[i]) && options_.missing != missing_rule::fill
                            ? series[i]
                            : fitted(places.subspan(first, options_.window),
                                     series.subspan(first, options_.window), places[i]);
            if (std::isinf(result[i])) refuse_value(i);
        }
        return result;
    }

    [[nodiscard]] std::vector<double> weights(std::size_t position) const {
        if (position >= options_.window)
            throw std::invalid_argument("savitzky_golay: a window of " + std::to_string(options_.window) +
                                        " has no point " + std::to_string(position));
        std::vector<double> result(options_.window);
        for (std::size_t i = 0; i < result.size(); ++i) {
            long double weight = 0;
            for (std::size_t k = 0; k <= options_.degree; ++k)
                weight += readings_[position][k] * basis_.at_points(k)[i];
            result[i] = static_cast<double>(weight);
        }
        return result;
    }
    template <class T>
    [[nodiscard]] std::vector<T> filtered(std::span<const T> series) const {
        std::vector<T> result(series.size());
        filter(series, std::span<T>(result));
        return result;
    }

private:
    [[nodiscard]] std::size_t half() const { return options_.window / 2; }

    static const savitzky_golay_options& checked(const savitzky_golay_options& o) {
        if (o.window % 2 == 0)
            throw std::invalid_argument("savitzky_golay: window must be odd, found " +
                                        std::to_string(o.window));
        if (o.degree >= o.window)
            throw std::invalid_argument("savitzky_golay: degree must be below the window of " +
                                        std::to_string(o.window) + ", found " + std::to_string(o.degree));
        constexpr std::size_t most = std::size_t{1} << 24;
        if (o.window > most || o.window * (o.degree + 1) > most)
            throw std::invalid_argument("savitzky_golay: window times degree + 1 must not be above " +
                                        std::to_string(most) + ", found " + std::to_string(o.window) +
                                        " and " + std::to_string(o.degree));
        if (o.deriv > o.degree)
            throw std::invalid_argument("savitzky_golay: deriv must lie in 0.." + std::to_string(o.degree) +
                                        " (the degree), found " + std::to_string(o.deriv));
        if (!(o.delta > 0) || !std::isfinite(o.delta))
            throw std::invalid_argument("savitzky_golay: delta must be above 0, found " + shown(o.delta));
        if (!std::isfinite(o.cval)) throw std::invalid_argument("savitzky_golay: cval must be finite");
        return o;
    }

    /// Of the window's points from its middle.
    [[nodiscard]] std::vector<double> offsets() const {
        std::vector<double> places(options_.window);
        for (std::size_t i = 0; i < places.size(); ++i)
            places[i] = (static_cast<double>(i) - static_cast<double>(half())) * options_.delta;
        if (!std::isfinite(places.front())) refuse_delta();
        return places;
    }

    [[noreturn]] void refuse_delta() const {
        throw std::invalid_argument("savitzky_golay: at a delta of " + shown(options_.delta) +
                                    " derivative " + std::to_string(options_.deriv) +
                                    " has weights that are no doubles; take another unit");
    }
    [[noreturn]] static void refuse_value(std::size_t index) {
        throw std::invalid_argument(
            "savitzky_golay: the filtered value at " + std::to_string(index) +
            " is beyond the largest number of its type; divide the series by a power of ten first");
    }

    /// Whether sums of products of such numbers stay within a double and keep its digits.
    [[nodiscard]] static bool is_moderate(double largest) {
        return largest == 0 || (largest >= 0x1p-400 && largest <= 0x1p400);
    }
    template <class T>
    [[nodiscard]] static double largest_of(std::span<const T> values) {
        T largest = 0;
        for (const T value : values) largest = std::max(largest, std::abs(value)); // NaN is never larger
        return static_cast<double>(largest);
    }

    struct checked_series {
        bool missing;   ///< whether a value is
        double largest; ///< magnitude
    };

    void check_length(std::size_t size) const {
        if (size < options_.window)
            throw std::invalid_argument("savitzky_golay: the window of " + std::to_string(options_.window) +
                                        " is longer than the series of " + std::to_string(size));
    }

    /// The largest magnitude, where an infinity is larger than any number and NaN larger than that.
    template <class T>
    [[nodiscard]] static T magnitude_of(std::span<const T> values) {
        using bits = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>; // in their order
        bits most = 0;
        for (const T value : values) {
            const bits magnitude = std::bit_cast<bits>(value) & std::numeric_limits<bits>::max();
            most = magnitude > most ? magnitude : most;
        }
        return std::bit_cast<T>(most);
    }

    template <class T>
    [[nodiscard]] checked_series check_series(std::span<const T> series) const {
        check_length(series.size());
        if (const T value = magnitude_of(series); std::isfinite(value))
            return {false, static_cast<double>(value)};
        const auto infinite =
            std::find_if(series.begin(), series.end(), [](T value) { return std::isinf(value); });
        if (infinite != series.end())
            throw std::invalid_argument("savitzky_golay: the series is infinite at " +
                                        std::to_string(infinite - series.begin()));
        return {true, largest_of(series)};
    }

    [[nodiscard]] std::vector<long double> reading(const orthonormal_polynomials& basis, double place) const {
        return basis.at(place, options_.deriv);
    }

    /// Filters the half window from `first` on with what stands beyond the series' end.
    template <class T>
    void continue_beyond(std::span<const T> series, std::size_t first, std::span<T> result,
                         bool moderate) const {
        const std::size_t reach = half();
        std::vector<T> around(3 * reach), filtered_around(3 * reach);
        for (std::size_t i = 0; i < around.size(); ++i)
            around[i] =
                beyond(series, static_cast<std::ptrdiff_t>(first + i) - static_cast<std::ptrdiff_t>(reach));
        convolve(std::span<const T>(around), std::span<T>(filtered_around), moderate);
        std::copy_n(filtered_around.begin() + static_cast<std::ptrdiff_t>(reach), reach, result.begin());
    }

    /// The value at any index, also outside the series.
    template <class T>
    [[nodiscard]] T beyond(std::span<const T> series, std::ptrdiff_t index) const {
        const auto n = static_cast<std::ptrdiff_t>(series.size());
        if (index >= 0 && index < n) return series[static_cast<std::size_t>(index)];
        switch (options_.mode) {
        case edge_mode::mirror:
            index = index < 0 ? -index : 2 * (n - 1) - index;
            break;
        case edge_mode::nearest:
            index = index < 0 ? 0 : n - 1;
            break;
        case edge_mode::wrap:
            index += index < 0 ? n : -n;
            break;
        default:
            return static_cast<T>(options_.cval);
        }
        return series[static_cast<std::size_t>(index)];
    }

    /// Dot products with the middle's weights, for all windows within the series. Weights are even or odd
    /// about the middle, as the derivative is, which halves the multiplications; blocks let the compiler
    /// vectorise. Where products may leave the range of double, `moderate` is false.
    template <class T>
    void convolve(std::span<const T> series, std::span<T> result, bool moderate) const {
        const std::size_t reach = half();
        if (!moderate) {
            for (std::size_t i = reach; i + reach < series.size(); ++i) {
                long double sum = 0;
                for (std::size_t j = 0; j < weights_.size(); ++j)
                    sum += static_cast<long double>(weights_[j]) *
                           static_cast<long double>(series[i + j - reach]);
                result[i] = static_cast<T>(sum);
            }
            return;
        }
        convolve_between(series, result, reach, series.size() - reach);
    }

    /// `convolve` of moderate values; false, with anything in the result, where they are not. A piece of the
    /// series is looked at and filtered while it is at hand.
    template <class T>
    [[nodiscard]] bool convolve_moderate(std::span<const T> series, std::span<T> result) const {
        constexpr std::size_t piece = 2048;
        const std::size_t reach = half();
        T largest = 0;
        bool right = true;
        wide([&] {
            std::size_t done = reach;
            for (std::size_t begin = 0; right && begin < series.size(); begin += piece) {
                const auto values = series.subspan(begin, std::min(piece, series.size() - begin));
                const T found = magnitude_of(values);
                right = static_cast<double>(found) <= 0x1p400; // not so for NaN
                largest = std::max(largest, found);
                const std::size_t known = begin + values.size();
                if (!right || known <= done + reach) continue;
                convolve_between(series, result, done, known - reach);
                done = known - reach;
            }
        });
        return right && is_moderate(static_cast<double>(largest));
    }

    template <class T>
    void convolve_between(std::span<const T> series, std::span<T> result, std::size_t begin,
                          std::size_t end) const {
        constexpr std::size_t block = 16;
        const std::size_t reach = half();
        const double sign = options_.deriv % 2 == 0 ? 1.0 : -1.0;
        const double* weights = weights_.data() + reach;
        T* __restrict out = result.data(); // nothing that is read is written
        std::size_t i = begin;
        for (; i + block <= end; i += block) {
            std::array<double, block> sums;
            const T* middle = series.data() + i;
            for (std::size_t b = 0; b < block; ++b) sums[b] = weights[0] * static_cast<double>(middle[b]);
            for (std::size_t j = 1; j <= reach; ++j) {
                const T* left = middle - j;
                const T* right = middle + j;
                for (std::size_t b = 0; b < block; ++b)
                    sums[b] +=
                        weights[j] * (static_cast<double>(right[b]) + sign * static_cast<double>(left[b]));
            }
            for (std::size_t b = 0; b < block; ++b) out[i + b] = static_cast<T>(sums[b]);
        }
        for (; i < end; ++i) {
            double sum = weights[0] * static_cast<double>(series[i]);
            for (std::size_t j = 1; j <= reach; ++j)
                sum += weights[j] *
                       (static_cast<double>(series[i + j]) + sign * static_cast<double>(series[i - j]));
            result[i] = static_cast<T>(sum);
        }
    }

    /// Reads an end window's polynomial at its points from `first` on.
    template <class T>
    void read_end(std::span<const T> window, std::size_t first, std::span<T> result) const {
        std::vector<long double> shares(options_.degree + 1);
        for (std::size_t k = 0; k < shares.size(); ++k)
            for (std::size_t i = 0; i < window.size(); ++i)
                shares[k] += basis_.at_points(k)[i] * static_cast<long double>(window[i]);
        for (std::size_t i = 0; i < result.size(); ++i) {
            long double value = 0;
            for (std::size_t k = 0; k < shares.size(); ++k) value += readings_[first + i][k] * shares[k];
            result[i] = static_cast<T>(value);
        }
    }

    /// Fits anew, by the values there are, all windows that hold a NaN.
    template <class T>
    void mend(std::span<const T> series, std::span<T> result) const {
        const std::size_t n = series.size(), reach = half();
        std::vector<double> places(options_.window), values(options_.window);
        for (std::size_t i = 0; i < n; ++i) {
            if (std::isnan(series[i]) && options_.missing == missing_rule::keep) {
                result[i] = series[i];
                continue;
            }
            if (!std::isnan(result[i])) continue; // a NaN in a window always shows in its sum
            auto first = static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(reach);
            if (options_.mode == edge_mode::interp)
                first =
                    std::clamp(first, std::ptrdiff_t{0}, static_cast<std::ptrdiff_t>(n - options_.window));
            for (std::size_t j = 0; j < places.size(); ++j) {
                const auto index = first + static_cast<std::ptrdiff_t>(j);
                values[j] = static_cast<double>(beyond(series, index));
                places[j] = static_cast<double>(index - static_cast<std::ptrdiff_t>(i)) * options_.delta;
            }
            result[i] = static_cast<T>(fitted(places, values, 0.0));
        }
    }

    /// The polynomial of the values that are there, read at `place`; NaN where they are not more than the
    /// degree, or where the rule is to propagate.
    [[nodiscard]] double fitted(std::span<const double> places, std::span<const double> values,
                                double place) const {
        std::vector<double> known_places, known;
        for (std::size_t i = 0; i < values.size(); ++i)
            if (!std::isnan(values[i])) {
                known_places.push_back(places[i]);
                known.push_back(values[i]);
            }
        const bool whole = known.size() == values.size() || options_.missing != missing_rule::propagate;
        if (!whole || known.size() <= options_.degree) return std::numeric_limits<double>::quiet_NaN();
        const orthonormal_polynomials basis(known_places, options_.degree);
        const auto at_place = reading(basis, place);
        long double value = 0;
        for (std::size_t k = 0; k < at_place.size(); ++k) {
            long double share = 0;
            for (std::size_t i = 0; i < known.size(); ++i) share += basis.at_points(k)[i] * known[i];
            value += share * at_place[k];
        }
        return static_cast<double>(value);
    }

    savitzky_golay_options options_;
    orthonormal_polynomials basis_;
    std::vector<std::vector<long double>> readings_; // at each of the window's points, by degree
    std::vector<double> weights_;                    // of the middle
    bool moderate_ = true;                           // they are
};

} // namespace detail

GROUNDGLASS_INLINE savitzky_golay::savitzky_golay(savitzky_golay_options options)
    : options_(options), fit_(std::make_shared<const detail::window_fit>(options)) {}

template <class T>
void savitzky_golay::filter(std::span<const T> series, std::span<T> result) const {
    fit_->filter(series, result);
}

GROUNDGLASS_INLINE std::vector<double> savitzky_golay::operator()(std::span<const double> series) const {
    return fit_->filtered(series);
}
GROUNDGLASS_INLINE std::vector<double> savitzky_golay::operator()(const std::vector<double>& series) const {
    return fit_->filtered(std::span<const double>(series));
}
GROUNDGLASS_INLINE std::vector<float> savitzky_golay::operator()(std::span<const float> series) const {
    return fit_->filtered(series);
}
GROUNDGLASS_INLINE std::vector<float> savitzky_golay::operator()(const std::vector<float>& series) const {
    return fit_->filtered(std::span<const float>(series));
}
GROUNDGLASS_INLINE std::vector<double> savitzky_golay::operator()(std::span<const double> series,
                                                                  std::span<const double> places) const {
    return fit_->at(series, places);
}
GROUNDGLASS_INLINE std::vector<double> savitzky_golay::weights(std::size_t position) const {
    return fit_->weights(position);
}

} // namespace groundglass::statistics
