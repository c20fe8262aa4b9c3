#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::statistics {

/// Polynomials of degree 0 to `degree` that are orthonormal over given points: Σᵢ pⱼ(xᵢ) pₖ(xᵢ) = 1 for j =
/// k, else 0. They are built by Arnoldi's recurrence with a second orthogonalisation, in long double
/// (Brubeck, Nakatsukasa, Trefethen 2021, doi:10.1137/19M130100X); powers of x, which most programs fit with,
/// lose all digits at degree 20. Least squares are then plain projections. O(points · degree²) time, O(points
/// · degree) memory.
class orthonormal_polynomials {
public:
    /// Throws `std::invalid_argument` for points that are not finite, not more than `degree`, or fewer than
    /// that that can be told apart; of which a step of 1e-10 of the next larger distances is the least.
    orthonormal_polynomials(std::span<const double> points, std::size_t degree)
        : count_(checked(points, degree)), degree_(degree), values_((degree + 1) * points.size()),
          recurrence_(degree * (degree + 2)) {
        const auto [low, high] = ends(points);
        centre_ = (low + high) / 2;
        scale_ = high > low ? (high - low) / 2 : 1;
        std::vector<long double> x(count_);
        for (std::size_t i = 0; i < count_; ++i) x[i] = (points[i] - centre_) / scale_;

        for (std::size_t i = 0; i < count_; ++i) values_[i] = 1 / std::sqrt(static_cast<long double>(count_));
        for (std::size_t k = 0; k < degree_; ++k) {
            long double* next = column(k + 1);
            for (std::size_t i = 0; i < count_; ++i) next[i] = x[i] * column(k)[i];
            const long double whole = std::sqrt(dot(next, next));
            for (int pass = 0; pass < 2; ++pass)
                for (std::size_t j = 0; j <= k; ++j) {
                    const long double share = dot(column(j), next);
                    recurrence(k)[j] += share;
                    for (std::size_t i = 0; i < count_; ++i) next[i] -= share * column(j)[i];
                }
            const long double norm = std::sqrt(dot(next, next));
            if (!(norm > 1e-10L * whole))
                throw std::invalid_argument("orthonormal_polynomials: of " + std::to_string(count_) +
                                            " points only " + std::to_string(k + 1) +
                                            " can be told apart, too few for degree " +
                                            std::to_string(degree_));
            recurrence(k)[k + 1] = norm;
            for (std::size_t i = 0; i < count_; ++i) next[i] /= norm;
        }
    }

    [[nodiscard]] std::size_t degree() const { return degree_; }

    /// The `k`-th polynomial at all points. Throws `std::invalid_argument` for one above the degree.
    [[nodiscard]] std::span<const long double> at_points(std::size_t k) const {
        if (k > degree_)
            throw std::invalid_argument("orthonormal_polynomials: the degree is " + std::to_string(degree_) +
                                        ", there is no polynomial " + std::to_string(k));
        return {values_.data() + k * count_, count_};
    }

    /// The `derivative`-th derivatives of all polynomials at any `x`, by degree. O(degree² · derivative).
    [[nodiscard]] std::vector<long double> at(double x, std::size_t derivative = 0) const {
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

private:
    static std::size_t checked(std::span<const double> points, std::size_t degree) {
        if (points.size() <= degree)
            throw std::invalid_argument("orthonormal_polynomials: degree " + std::to_string(degree) +
                                        " needs more points than it, found " + std::to_string(points.size()));
        for (const double point : points)
            if (!std::isfinite(point))
                throw std::invalid_argument("orthonormal_polynomials: points must be finite");
        return points.size();
    }
    static std::pair<long double, long double> ends(std::span<const double> points) {
        const auto [low, high] = std::minmax_element(points.begin(), points.end());
        return {*low, *high};
    }
    [[nodiscard]] long double* column(std::size_t k) { return values_.data() + k * count_; }
    [[nodiscard]] long double* recurrence(std::size_t k) { return recurrence_.data() + k * (degree_ + 2); }
    [[nodiscard]] const long double* recurrence(std::size_t k) const {
        return recurrence_.data() + k * (degree_ + 2);
    }
    [[nodiscard]] long double dot(const long double* a, const long double* b) const {
        long double sum = 0;
        for (std::size_t i = 0; i < count_; ++i) sum += a[i] * b[i];
        return sum;
    }

    std::size_t count_;
    std::size_t degree_;
    long double centre_ = 0;
    long double scale_ = 1;
    std::vector<long double> values_;     // polynomial after polynomial
    std::vector<long double> recurrence_; // column k expresses x·pₖ by p₀ … pₖ₊₁
};

} // namespace groundglass::statistics
