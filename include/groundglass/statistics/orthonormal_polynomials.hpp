#pragma once

#include <cstddef>
#include <span>
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
    orthonormal_polynomials(std::span<const double> points, std::size_t degree);

    [[nodiscard]] std::size_t degree() const { return degree_; }

    /// The `k`-th polynomial at all points. Throws `std::invalid_argument` for one above the degree.
    [[nodiscard]] std::span<const long double> at_points(std::size_t k) const;

    /// The `derivative`-th derivatives of all polynomials at any `x`, by degree. O(degree² · derivative).
    [[nodiscard]] std::vector<long double> at(double x, std::size_t derivative = 0) const;

private:
    [[nodiscard]] long double* column(std::size_t k) { return values_.data() + k * count_; }
    [[nodiscard]] long double* recurrence(std::size_t k) { return recurrence_.data() + k * (degree_ + 2); }
    [[nodiscard]] const long double* recurrence(std::size_t k) const {
        return recurrence_.data() + k * (degree_ + 2);
    }

    std::size_t count_;
    std::size_t degree_;
    long double centre_ = 0;
    long double scale_ = 1;
    std::vector<long double> values_;     // polynomial after polynomial
    std::vector<long double> recurrence_; // column k expresses x·pₖ by p₀ … pₖ₊₁
};

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using orthonormal_polynomials [[deprecated("groundglass::statistics::orthonormal_polynomials")]] =
    statistics::orthonormal_polynomials;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/orthonormal_polynomials.hpp>
#endif
