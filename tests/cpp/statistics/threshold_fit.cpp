#include <groundglass/statistics/threshold_fit.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using groundglass::statistics::threshold_fit;

TEST_CASE("a value on a cut belongs to the upper class; equal cuts leave a class empty") {
    threshold_fit fit;
    fit.cuts = {0.1, 0.1, 0.3};
    fit.classes = {"none", "mild", "moderate", "severe"};
    CHECK(fit(std::nextafter(0.1, 0)) == "none");
    CHECK(fit(0.1) == "moderate");
    CHECK(fit.index(7) == 3);
    CHECK_THROWS_WITH_AS((void)fit.index(std::nan("")), doctest::Contains("NaN"), std::invalid_argument);
    CHECK(fit == threshold_fit(fit));
}

TEST_CASE("a fit without a name for every class is refused") {
    threshold_fit fit;
    fit.cuts = {0.1, 0.2};
    fit.classes = {"A"};
    CHECK(fit.index(0.3) == 2);
    CHECK_THROWS_AS((void)fit(0.3), std::invalid_argument);
}
