#include "evaluation_cases.hpp"
#include <groundglass/statistics/kappa.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;
using doctest::Approx;

// The expected numbers are printed by evaluation_reference.py beside this file.

TEST_CASE("plain and weighted kappa equal statsmodels'") {
    const confusion_matrix table(evaluation_cases::rater_a(), evaluation_cases::rater_b(), 5);
    const auto check = [&](kappa_weights weights, double value, double lower, double upper) {
        const auto found = kappa(table, weights);
        CHECK(found.value == Approx(value).epsilon(1e-11));
        CHECK(found.interval.lower == Approx(lower).epsilon(1e-10));
        CHECK(found.interval.upper == Approx(upper).epsilon(1e-10));
    };
    check(kappa_weights::none, 0.583333333333, 0.435253306056, 0.73141336061);
    check(kappa_weights::linear, 0.732510288066, 0.622565094106, 0.842455482025);
    check(kappa_weights::quadratic, 0.845528455285, 0.763851600594, 0.927205309975);
}

TEST_CASE("two classes have one kappa whatever the weights") {
    const std::vector<std::size_t> a{0, 0, 1, 1, 1, 0}, b{0, 1, 1, 1, 0, 0};
    const confusion_matrix table(a, b, 2);
    CHECK(kappa(table, kappa_weights::linear).value == Approx(kappa(table).value));
    CHECK(kappa(table, kappa_weights::quadratic).value == Approx(kappa(table).value));
}

TEST_CASE("equal raters agree fully, opposite ones less than by chance") {
    const auto a = evaluation_cases::rater_a();
    const auto same = kappa(confusion_matrix(a, a, 5), kappa_weights::quadratic);
    CHECK(same.value == Approx(1));
    CHECK(same.interval.lower == Approx(1));
    CHECK(same.interval.upper <= 1);
    const std::vector<std::size_t> ones{0, 1, 0, 1}, others{1, 0, 1, 0};
    CHECK(kappa(confusion_matrix(ones, others, 2)).value == Approx(-1));
}

TEST_CASE("where no agreement is possible but that of chance, rounding makes no interval") {
    const std::vector<std::size_t> one{1, 1, 1, 2, 2}, other{0, 0, 0, 0, 1};
    for (const auto& table : {confusion_matrix(one, other, 4), confusion_matrix(other, one, 4)}) {
        const auto found = kappa(table, kappa_weights::linear);
        CHECK(std::abs(found.value) < 1e-14);
        CHECK(found.interval.upper - found.interval.lower < 1e-14);
    }
}

TEST_CASE("raters who give one class to all are refused") {
    const std::vector<std::size_t> same{1, 1, 1};
    CHECK_THROWS_WITH_AS((void)kappa(confusion_matrix(same, same, 2)), doctest::Contains("beyond chance"),
                         std::invalid_argument);
    CHECK_THROWS_AS((void)kappa(confusion_matrix(same, same, 2), kappa_weights::none, 1.5),
                    std::invalid_argument);
}
