#include "evaluation_cases.hpp"
#include <groundglass/statistics/roc.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

// The expected numbers are printed by evaluation_reference.py beside this file.

TEST_CASE("the curve has a point for each distinct score, as scikit-learn's") {
    const auto points = roc_curve(evaluation_cases::first(), evaluation_cases::labels());
    REQUIRE(points.size() == 40);
    CHECK(points.front() == roc_point{std::numeric_limits<double>::infinity(), 0, 0});
    CHECK(points[12].threshold == 0.37);
    CHECK(points[12].false_positive_rate == doctest::Approx(0.138888888889));
    CHECK(points[12].true_positive_rate == doctest::Approx(0.5));
    CHECK(points[23].threshold == 0.25);
    CHECK(points[23].false_positive_rate == doctest::Approx(0.472222222222));
    CHECK(points[23].true_positive_rate == doctest::Approx(0.791666666667));
    CHECK(points.back() == roc_point{0.0, 1, 1});
}

TEST_CASE("bad cases are named") {
    const std::vector<double> scores{0.1, 0.4, 0.3};
    const std::vector<std::uint8_t> labels{0, 1, 0};
    const auto refused = [](std::vector<double> s, std::vector<std::uint8_t> l, const char* text) {
        CHECK_THROWS_WITH_AS((void)roc_curve(s, l), doctest::Contains(text), std::invalid_argument);
    };
    refused({0.1, 0.4}, labels, "2 values need as many labels, found 3");
    refused({0.1, std::nan(""), 0.3}, labels, "value 1 is nan");
    refused({0.1, 0.2, std::numeric_limits<double>::infinity()}, labels, "value 2 is inf");
    refused({0.2, 0.2, 0.2}, labels, "all values are 0.2");
    refused({0.2}, {1}, "at least two patients");
    refused(scores, {0, 2, 1}, "labels must be 0 or 1, found 2 at index 1");
    refused(scores, {0, 0, 0}, "0 with label 1");
    refused(scores, {1, 1, 1}, "0 with label 0");
}
