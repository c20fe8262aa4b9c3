#include "evaluation_cases.hpp"
#include <groundglass/statistics/precision_recall.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;
using doctest::Approx;

// The expected numbers are printed by evaluation_reference.py beside this file.

TEST_CASE("curve and average precision equal scikit-learn's") {
    const auto found = precision_recall_curve(evaluation_cases::first(), evaluation_cases::labels());
    REQUIRE(found.points.size() == 39);
    CHECK(found.points.front().threshold == 0.6);
    CHECK(found.points[10].threshold == 0.38);
    CHECK(found.points[10].precision == Approx(0.785714285714));
    CHECK(found.points[10].recall == Approx(0.458333333333));
    CHECK(found.points[13].precision == Approx(0.652173913043));
    CHECK(found.points.back() == precision_recall_point{0.0, 0.4, 1.0});
    CHECK(found.average_precision == Approx(0.762186782801).epsilon(1e-11));
}

TEST_CASE("a perfect score has an average precision of 1") {
    const std::vector<double> scores{1, 2, 3, 4};
    CHECK(precision_recall_curve(scores, std::vector<std::uint8_t>{0, 0, 1, 1}).average_precision == 1);
    CHECK_THROWS_AS((void)precision_recall_curve(scores, std::vector<std::uint8_t>{0, 0, 0, 0}),
                    std::invalid_argument);
}
