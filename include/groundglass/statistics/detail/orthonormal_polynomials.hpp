#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/orthonormal_polynomials.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::statistics {

namespace detail {

/// How many points there are, if they are enough.
[[nodiscard]] inline std::size_t checked_points(std::span<const double> points, std::size_t degree) {
    if (points.size() <= degree)
        throw std::invalid_argument("orthonormal_polynomials: degree " + std::to_string(degree) +
                                    " needs more points than it, found " + std::to_string(points.size()));
    for (const double point : points)
        if (!std::isfinite(point))
            throw std::invalid_argument("orthonormal_polynomials: points must be finite");
    return points.size();
}

[[nodiscard]] inline std::pair<long double, long double> ends(std::span<const double> points) {
    const auto [low, high] = std::minmax_element(points.begin(), points.end());
    return {*low, *high};
}

[[nodiscard]] inline long double dot(const long double* a, const long double* b, std::size_t count) {
    long double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += a[i] * b[i];
    return sum;
}

} // namespace detail

GROUNDGLASS_INLINE orthonormal_polynomials::orthonormal_polynomials(std::span<const double> points,
                                                                    std::size_t degree)
    : count_(detail::checked_points(points, degree)), degree_(degree), values_((degree + 1) * points.size()),
      recurrence_(degree * (degree + 2)) {
    const auto [low, high] = detail::ends(points);
    centre_ = (low + high) / 2;
    scale_ = high > low ? (high - low) / 2 : 1;
    std::vector<long double> x(count_);
    for (std::size_t i = 0; i < count_; ++i) x[i] = (points[i] - centre_) / scale_;

    for (std::size_t i = 0; i < count_; ++i) values_[i] = 1 / std::sqrt(static_cast<long double>(count_));
    for (std::size_t k = 0; k < degree_; ++k) {
        long double* next = column(k + 1);
        for (std::size_t i = 0; i < count_; ++i) next[i] = x[i] * column(k)[i];
        const long double whole = std::sqrt(detail::dot(next, next, count_));
        for (int pass = 0; pass < 2; ++pass)
            for (std::size_t j = 0; j <= k; ++j) {
                const long double share = detail::dot(column(j), next, count_);
                recurrence(k)[j] += share;
                for (std::size_t i = 0; i < count_; ++i) next[i] -= share * column(j)[i];
            }
        const long double norm = std::sqrt(detail::dot(next, next, count_));
        if (!(norm > 1e-10L * whole))
            throw std::invalid_argument("orthonormal_polynomials: of " + std::to_string(count_) +
                                        " points only " + std::to_string(k + 1) +
                                        " can be told apart, too few for degree " + std::to_string(degree_));
        recurrence(k)[k + 1] = norm;
        for (std::size_t i = 0; i < count_; ++i) next[i] /= norm;
    }
}

GROUNDGLASS_INLINE std::span<const long double> orthonormal_polynomials::at_points(std::size_t k) const {
    if (k > degree_)
        throw std::invalid_argument("orthonormal_polynomials: the degree is " + std::to_string(degree_) +
                                    ", there is no polynomial " + std::to_string(k));
    return {values_.data() + k * count_, count_};
}

GROUNDGLASS_INLINE std::vector<long double> orthonormal_polynomials::at(double x,
                                                                        std::size_t derivative) const {
    const long double t = (x - centre_) / scale_;
    std::vector<long double> lower, current;
    if (derivative > degree_) return std::vector<long double>(degree_ + 1);
    for (std::size_t order = 0; order <= derivative; ++order) {
        lower.swap(current);
        current.assign(degree_ + 1, 0);
        if (order == 0) current[0] = values_[0];
        for (std::size_t k = 0; k < degree_; ++k) {
            long double value = t * current[k];
            if (order > 0) value += static_cast<long double>(order) * lower[k];
            for (std::size_t j = 0; j <= k; ++j) value -= recurrence(k)[j] * current[j];
            current[k + 1] = value / recurrence(k)[k + 1];
        }
    }
    for (auto& value : current) value /= std::pow(scale_, static_cast<long double>(derivative));
    return current;
}

} // namespace groundglass::statistics
