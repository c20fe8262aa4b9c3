#include "evaluation_cases.hpp"
#include <groundglass/statistics/confusion_matrix.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;
using doctest::Approx;

// The expected numbers are printed by evaluation_reference.py beside this file.

TEST_CASE("counts and recalls equal scikit-learn's") {
    const confusion_matrix table(evaluation_cases::rater_a(), evaluation_cases::rater_b(), 5);
    const std::size_t counts[5][5] = {
        {8, 2, 2, 0, 0}, {2, 7, 1, 2, 0}, {0, 2, 7, 1, 2}, {0, 0, 2, 7, 3}, {0, 0, 0, 1, 11}};
    const double recalls[5] = {0.666666666667, 0.583333333333, 0.583333333333, 0.583333333333,
                               0.916666666667};
    for (std::size_t t = 0; t < 5; ++t) {
        for (std::size_t p = 0; p < 5; ++p) CHECK(table(t, p) == counts[t][p]);
        const auto recall = class_recall(table, t);
        CHECK(recall.value == Approx(recalls[t]));
        CHECK(recall.interval == binomial_bounds(static_cast<double>(counts[t][t]), 12));
    }
    CHECK(mean_recall(table) == Approx(0.666666666667));
    CHECK(accuracy(table).value == Approx(40.0 / 60));
    CHECK(table.total() == 60);
}

TEST_CASE("a class without cases has no recall and no share in the mean") {
    const std::vector<std::size_t> truth{0, 0, 2}, predicted{0, 1, 2};
    const confusion_matrix table(truth, predicted, 3);
    CHECK(std::isnan(class_recall(table, 1).value));
    CHECK(std::isnan(class_recall(table, 1).interval.upper));
    CHECK(mean_recall(table) == Approx(0.75));
}

TEST_CASE("bad classes are named") {
    const std::vector<std::size_t> two{0, 1}, three{0, 1, 2}, none;
    CHECK_THROWS_WITH_AS(confusion_matrix(two, three, 3), doctest::Contains("2 and 3"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(confusion_matrix(three, three, 2), doctest::Contains("found 2 at index 2"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(confusion_matrix(none, none, 2), doctest::Contains("no cases"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(confusion_matrix(two, two, 1), doctest::Contains("classes are needed, found 1"),
                         std::invalid_argument);
}

TEST_CASE("a class that the table does not have is named") {
    const std::vector<std::size_t> classes{0, 1, 1};
    const confusion_matrix table(classes, classes, 2);
    for (const std::size_t wrong : {std::size_t{2}, std::numeric_limits<std::size_t>::max()}) {
        CHECK_THROWS_AS((void)table(wrong, 0), std::invalid_argument);
        CHECK_THROWS_AS((void)table(0, wrong), std::invalid_argument);
        CHECK_THROWS_AS((void)table.cases_of(wrong), std::invalid_argument);
        CHECK_THROWS_AS((void)class_recall(table, wrong), std::invalid_argument);
        CHECK_THROWS_AS(confusion_matrix(classes, std::vector<std::size_t>{0, 1, wrong}, 2),
                        std::invalid_argument);
        CHECK_THROWS_AS(confusion_matrix(classes, classes, wrong == 2 ? 1 : wrong), std::invalid_argument);
    }
}
