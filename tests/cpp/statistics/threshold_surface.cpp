#include "random_cohort.hpp"
#include <groundglass/statistics/threshold_surface.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace groundglass::statistics;

namespace {

constexpr std::array<threshold_goal, 5> goals{threshold_goal::mean_recall, threshold_goal::accuracy,
                                              threshold_goal::linear_kappa, threshold_goal::quadratic_kappa,
                                              threshold_goal::cost};

fit_thresholds_options options_of(threshold_goal goal) {
    fit_thresholds_options options;
    options.goal = goal;
    options.prevalence = {5, 3, 1};
    if (goal == threshold_goal::cost) options.costs = {{0, 1, 2}, {3, 0, 1}, {10, 4, 0}};
    return options;
}

} // namespace

TEST_CASE("at the cuts of a fit the surface is the fit's objective") {
    random_stream random(5);
    for (const auto goal : goals)
        for (int round = 0; round < 20; ++round) {
            const random_cohort cohort(random, 3, 60, 25);
            const auto options = options_of(goal);
            const auto fit = fit_thresholds(cohort.values, cohort.classes, options);
            const threshold_surface surface(cohort.values, cohort.classes, options);
            CHECK(surface(fit.cuts) == fit.objective);
        }
}

TEST_CASE("nowhere is the surface better than the fit") {
    random_stream random(6);
    const random_cohort cohort(random, 3, 80, 20);
    std::vector<double> places(cohort.values);
    places.push_back(2);
    for (const auto goal : goals) {
        const auto options = options_of(goal);
        const double sign = goal == threshold_goal::cost ? -1 : 1;
        const threshold_surface surface(cohort.values, cohort.classes, options);
        double best = -std::numeric_limits<double>::infinity();
        for (const double first : places)
            for (const double second : places)
                if (first <= second) best = std::max(best, sign * surface(std::vector{first, second}));
        const auto fit = fit_thresholds(cohort.values, cohort.classes, options);
        CHECK(best == doctest::Approx(sign * fit.objective).epsilon(1e-12));
    }
}

TEST_CASE("a value equal to a cut is above it, and cuts may lie anywhere") {
    const std::vector<double> values{1, 2, 3, 4};
    const std::vector<std::size_t> classes{0, 0, 1, 1};
    const threshold_surface surface(values, classes);
    CHECK(surface(std::vector{3.0}) == 1);
    CHECK(surface(std::vector{2.0}) == 0.75);
    CHECK(surface(std::vector{3.5}) == 0.75);
    CHECK(surface(std::vector{-std::numeric_limits<double>::infinity()}) == 0.5);
    CHECK(surface(std::vector{std::numeric_limits<double>::infinity()}) == 0.5);
    CHECK(surface.objective().goal() == threshold_goal::mean_recall);
}

TEST_CASE("descending cuts have no value, and other numbers of cuts are named") {
    const std::vector<double> values{1, 2, 3};
    const std::vector<std::size_t> classes{0, 1, 2};
    const threshold_surface surface(values, classes);
    CHECK(std::isnan(surface(std::vector{3.0, 2.0})));
    CHECK(std::isnan(surface(std::vector{std::nan(""), 2.0})));
    CHECK(std::isnan(surface(std::vector{2.0, std::nan("")})));
    CHECK(surface(std::vector{2.0, 2.0}) == doctest::Approx(2.0 / 3));
    CHECK_THROWS_WITH_AS((void)surface(std::vector{2.0}), doctest::Contains("3 classes have one cut less"),
                         std::invalid_argument);
    CHECK_THROWS_AS(threshold_surface(values, std::vector<std::size_t>{0, 2, 2}), std::invalid_argument);
    CHECK_THROWS_AS(threshold_surface({}, {}), std::invalid_argument);
}
