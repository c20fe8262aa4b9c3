#include "evaluation_cases.hpp"
#include <groundglass/statistics/intraclass_correlation.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;
using doctest::Approx;

// The expected numbers are printed by evaluation_reference.py beside this file.

namespace {

void check(const estimate& found, double value, double lower, double upper, double within) {
    CHECK(found.value == Approx(value).epsilon(within));
    CHECK(found.interval.lower == Approx(lower).epsilon(within));
    CHECK(found.interval.upper == Approx(upper).epsilon(within));
}

} // namespace

TEST_CASE("both correlations equal psych's") {
    const auto found = intraclass_correlations(evaluation_cases::ratings(), 3);
    CHECK(found.cases == 60);
    CHECK(found.raters == 3);
    check(found.agreement, 0.963826825969, 0.928270712664, 0.980366254968, 1e-10);
    check(found.consistency, 0.972717643129, 0.958516983519, 0.982697561009, 1e-10);
}

TEST_CASE("Shrout and Fleiss's example") {
    const std::vector<double> ratings{9, 2, 5, 8, 6,  1, 3, 2, 8, 4, 6, 8,
                                      7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7};
    const auto found = intraclass_correlations(ratings, 4);
    CHECK(found.agreement.value == Approx(0.29).epsilon(0.01));
    CHECK(found.consistency.value == Approx(0.71).epsilon(0.01));
    CHECK(found.mean_square_cases == Approx(11.24).epsilon(1e-3));
    CHECK(found.mean_square_raters == Approx(32.49).epsilon(1e-3));
    CHECK(found.mean_square_error == Approx(1.02).epsilon(1e-2));
}

TEST_CASE("equal raters agree fully, shifted ones are consistent") {
    const std::vector<double> same{1, 1, 2, 2, 4, 4};
    const auto equal = intraclass_correlations(same, 2);
    CHECK(equal.agreement == estimate{1, {1, 1}});
    CHECK(equal.consistency == estimate{1, {1, 1}});
    const std::vector<double> shifted{1, 3, 2, 4, 4, 6};
    const auto constant = intraclass_correlations(shifted, 2);
    CHECK(constant.consistency == estimate{1, {1, 1}});
    CHECK(constant.agreement.value < 0.6);
    CHECK(constant.agreement.interval.lower <= constant.agreement.value);
    CHECK(constant.agreement.interval.upper >= constant.agreement.value);
}

TEST_CASE("cases that do not differ") {
    const std::vector<double> raters_differ{1, 2, 1, 2, 1, 2};
    const auto found = intraclass_correlations(raters_differ, 2);
    CHECK(found.agreement.value == 0);
    CHECK(std::isnan(found.consistency.value));
}

TEST_CASE("bad ratings are named") {
    const auto refused = [](const std::vector<double>& ratings, std::size_t raters, const char* text) {
        CHECK_THROWS_WITH_AS((void)intraclass_correlations(ratings, raters), doctest::Contains(text),
                             std::invalid_argument);
    };
    refused({1, 2}, 2, "two cases by two raters");
    refused({1, 2, 3, 4}, 1, "found 4 ratings of 1 raters");
    refused({1, 2, 3, 4, 5}, 2, "found 5 ratings");
    refused({1, 2, 3, std::nan("")}, 2, "at case 1, rater 1");
    refused({2, 2, 2, 2}, 2, "all ratings are 2");
}

TEST_CASE("the ratings' unit and zero do not matter") {
    const auto ratings = evaluation_cases::ratings();
    const auto usual = intraclass_correlations(ratings, 3);
    const auto moved = [&](double unit, double zero) {
        std::vector<double> result;
        for (const double rating : ratings) result.push_back(unit * (std::round(1024 * rating) + zero));
        return intraclass_correlations(result, 3);
    };
    const auto rounded = moved(0x1p-10, 0);
    CHECK(rounded.agreement.value == Approx(usual.agreement.value).epsilon(1e-3));
    const double tiny = 0x1p-1074;
    for (const auto& found :
         {moved(0x1p400, 0), moved(tiny, 0), moved(1, 0x1p50), moved(0x1p-900, -0x1p50)}) {
        CHECK(found.agreement.value == Approx(rounded.agreement.value).epsilon(1e-14));
        CHECK(found.agreement.interval.lower == Approx(rounded.agreement.interval.lower).epsilon(1e-12));
        CHECK(found.consistency.value == Approx(rounded.consistency.value).epsilon(1e-14));
        CHECK(found.consistency.interval.upper == Approx(rounded.consistency.interval.upper).epsilon(1e-12));
    }
    CHECK_THROWS_WITH_AS((void)intraclass_correlations(std::vector<double>{1e308, 0, 0, 1e308}, 2),
                         doctest::Contains("a mean square is beyond the largest double"),
                         std::invalid_argument);
}

TEST_CASE("two raters who swap two cases have no agreement to speak of") {
    const auto found = intraclass_correlations(std::vector<double>{0, 1, 1, 0}, 2);
    CHECK(std::isnan(found.agreement.value));
    CHECK(found.consistency.value == -1);
}
