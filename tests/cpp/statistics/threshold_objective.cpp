#include <groundglass/statistics/threshold_objective.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

TEST_CASE("values of a table of assignments") {
    const class_table table{{8, 2, 0}, {1, 3, 1}, {0, 1, 4}};
    const std::vector<std::size_t> patients{10, 5, 5};
    const auto value = [&](threshold_goal goal) { return threshold_objective(goal, patients).value(table); };
    CHECK(value(threshold_goal::mean_recall) == doctest::Approx((0.8 + 0.6 + 0.8) / 3));
    CHECK(value(threshold_goal::accuracy) == doctest::Approx(0.75));
    // 1 - observed / expected disagreement, in fractions
    CHECK(value(threshold_goal::linear_kappa) == doctest::Approx(5.0 / 7).epsilon(1e-12));
    CHECK(value(threshold_goal::quadratic_kappa) == doctest::Approx(22.0 / 27).epsilon(1e-12));
    const threshold_objective cost(threshold_goal::cost, patients, {}, {{0, 1, 2}, {3, 0, 1}, {10, 4, 0}});
    CHECK(cost.value(table) == doctest::Approx((2 * 1 + 1 * 3 + 1 * 1 + 1 * 4) / 20.0));
    const threshold_objective elsewhere(threshold_goal::accuracy, patients, {2, 1, 1});
    CHECK(elsewhere.value(table) == doctest::Approx(0.75)); // the cohort's own shares
    CHECK(threshold_objective(threshold_goal::accuracy, patients, {1, 1, 1}).value(table) ==
          doctest::Approx(value(threshold_goal::mean_recall)));
    CHECK(std::isnan(
        threshold_objective(threshold_goal::mean_recall, patients).value({{1, 0, 0}, {0, 0, 0}, {0, 0, 1}})));
}

TEST_CASE("wrong shares and costs are named") {
    const auto wrong = [](threshold_goal goal, std::vector<std::size_t> patients,
                          std::vector<double> prevalence, std::vector<std::vector<double>> costs,
                          const char* what) {
        CHECK_THROWS_WITH_AS(threshold_objective(goal, patients, prevalence, costs), doctest::Contains(what),
                             std::invalid_argument);
    };
    wrong(threshold_goal::accuracy, {3, 0}, {}, {}, "class 1 has no patient");
    wrong(threshold_goal::accuracy, {3, 1}, {0.2}, {}, "each of 2 classes, found 1");
    wrong(threshold_goal::accuracy, {3, 1}, {0.2, 0}, {}, "above 0");
    wrong(threshold_goal::accuracy, {3, 1}, {}, {{0, 1}, {1, 0}}, "goal cost");
    wrong(threshold_goal::cost, {3, 1}, {}, {}, "2 rows and columns");
    wrong(threshold_goal::cost, {3, 1}, {}, {{0, 1}, {-1, 0}}, "costs must be 0 or more");
}

TEST_CASE("tables, cells and cuts of other classes are named") {
    const threshold_objective goal(threshold_goal::accuracy, {3, 4});
    const ordered_cells cells{2, {1, 2, 2, 2}};
    CHECK_THROWS_AS((void)goal.value({{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}), std::invalid_argument);
    CHECK_THROWS_AS((void)goal.value({{1, 2}, {3}}), std::invalid_argument);
    CHECK_THROWS_AS((void)goal.search({3, {1, 2, 3}}, {0, 1}), std::invalid_argument);
    CHECK_THROWS_AS((void)goal.search({2, {1, 0}}, {0, 1}), std::invalid_argument);
    CHECK_THROWS_AS((void)goal.search(cells, {0, 3}), std::invalid_argument);
    CHECK_THROWS_AS((void)threshold_objective::table_of(cells, {0, 1}), std::invalid_argument);
    CHECK_THROWS_AS((void)threshold_objective::table_of({0, {}}, {}), std::invalid_argument);
    for (const std::size_t classes : {0, 1, 1001})
        CHECK_THROWS_AS(threshold_objective(threshold_goal::accuracy, std::vector<std::size_t>(classes, 1)),
                        std::invalid_argument);
}
