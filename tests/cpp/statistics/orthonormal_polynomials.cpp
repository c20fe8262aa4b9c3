#include <groundglass/statistics/orthonormal_polynomials.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

using groundglass::statistics::orthonormal_polynomials;

TEST_CASE("polynomials are orthonormal over uneven points, to the highest degree there is") {
    const std::vector<double> points{-3, -2.5, 0, 0.25, 4, 7, 7.5, 100};
    const orthonormal_polynomials basis(points, 7);
    for (std::size_t j = 0; j <= 7; ++j)
        for (std::size_t k = 0; k <= 7; ++k) {
            long double sum = 0;
            for (std::size_t i = 0; i < points.size(); ++i)
                sum += basis.at_points(j)[i] * basis.at_points(k)[i];
            CHECK(std::abs(static_cast<double>(sum) - (j == k)) < 1e-15);
        }
}

TEST_CASE("a projection gives a cubic and its derivatives back anywhere") {
    const std::vector<double> points{0, 1, 2, 4, 5, 9};
    const auto cubic = [](double x) { return 2 - x + 0.5 * x * x * x; };
    const orthonormal_polynomials basis(points, 3);
    const auto read = [&](double x, std::size_t derivative) {
        const auto at = basis.at(x, derivative);
        long double sum = 0;
        for (std::size_t k = 0; k <= 3; ++k)
            for (std::size_t i = 0; i < points.size(); ++i)
                sum += basis.at_points(k)[i] * static_cast<long double>(cubic(points[i])) * at[k];
        return static_cast<double>(sum);
    };
    CHECK(read(3, 0) == doctest::Approx(cubic(3)).epsilon(1e-13));
    CHECK(read(3, 1) == doctest::Approx(-1 + 1.5 * 9).epsilon(1e-13));
    CHECK(read(3, 2) == doctest::Approx(9).epsilon(1e-13));
    CHECK(read(-2, 3) == doctest::Approx(3).epsilon(1e-13));
}

TEST_CASE("one point has a constant") {
    const orthonormal_polynomials basis(std::vector<double>{5}, 0);
    CHECK(static_cast<double>(basis.at(3)[0]) == 1);
}

TEST_CASE("points and degrees that do not fit are named") {
    const std::vector<double> points{0, 1, 2}, twins{0, 1e-12, 1}, none;
    CHECK_THROWS_AS(orthonormal_polynomials(points, 3), std::invalid_argument);
    CHECK_THROWS_AS(orthonormal_polynomials(points, std::numeric_limits<std::size_t>::max()),
                    std::invalid_argument);
    CHECK_THROWS_AS(orthonormal_polynomials(none, 0), std::invalid_argument);
    CHECK_THROWS_WITH_AS(orthonormal_polynomials(twins, 2), doctest::Contains("only 2 can be told apart"),
                         std::invalid_argument);
    const orthonormal_polynomials found(points, 2);
    CHECK_THROWS_AS((void)found.at_points(3), std::invalid_argument);
    for (const auto value : found.at(1.0, std::numeric_limits<std::size_t>::max())) CHECK(value == 0);
}
