#include "random_cohort.hpp"
#include <groundglass/severity/thresholds.hpp>
#include <groundglass/statistics/fit_thresholds.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;
using groundglass::severity::thresholds;

namespace {

std::vector<std::size_t> patients_of(const random_cohort& cohort, std::size_t classes) {
    std::vector<std::size_t> patients(classes);
    for (std::size_t c : cohort.classes) ++patients[c];
    return patients;
}

/// Tries every ascending set of the candidates, in the published loop's order; returns the first best.
template <class Value>
std::pair<std::vector<double>, double> tried(const std::vector<double>& candidates, std::size_t cuts,
                                             Value value) {
    std::pair<std::vector<double>, double> best{{}, -1e300};
    std::vector<double> at(cuts);
    const auto descend = [&](auto&& self, std::size_t cut, std::size_t from) -> void {
        if (cut == cuts) {
            const double here = value(at);
            if (here > best.second) best = {at, here};
            return;
        }
        for (std::size_t i = from; i < candidates.size(); ++i) {
            at[cut] = candidates[i];
            self(self, cut + 1, i);
        }
    };
    descend(descend, 0, 0);
    return best;
}

class_table table_by(const random_cohort& cohort, const std::vector<double>& cuts) {
    class_table table(cuts.size() + 1, std::vector<std::size_t>(cuts.size() + 1));
    for (std::size_t i = 0; i < cohort.values.size(); ++i) {
        std::size_t assigned = 0;
        while (assigned < cuts.size() && cohort.values[i] >= cuts[assigned]) ++assigned;
        ++table[cohort.classes[i]][assigned];
    }
    return table;
}

double published_objective(const class_table& table, const std::vector<std::size_t>& patients) {
    double sum = 0;
    for (std::size_t c = 0; c < table.size(); ++c)
        sum += static_cast<double>(table[c][c]) / static_cast<double>(patients[c]);
    return sum;
}

} // namespace

TEST_CASE("the grid gives what the published brute force gives, its first maximum included") {
    random_stream random(1);
    for (int round = 0; round < 3000; ++round) {
        const std::size_t classes = 2 + random.below(2);
        const std::size_t grid = round % 500 == 0 ? 200 : 20;
        const random_cohort cohort(random, classes, 24, 40);
        const auto patients = patients_of(cohort, classes);
        std::vector<double> candidates;
        for (std::size_t i = 0; i < grid; ++i)
            candidates.push_back(static_cast<double>(i) / static_cast<double>(grid));
        const auto [cuts, most] = tried(candidates, classes - 1, [&](const std::vector<double>& at) {
            return published_objective(table_by(cohort, at), patients);
        });
        fit_thresholds_options options;
        options.grid = grid;
        const auto fit = fit_thresholds(cohort.values, cohort.classes, options);
        REQUIRE(fit.cuts == cuts);
        CHECK(fit.balanced_accuracy == most / static_cast<double>(classes));
        CHECK(fit.confusion == table_by(cohort, cuts));
    }
}

TEST_CASE("no real cut is better than the fitted ones, for any goal and number of classes") {
    random_stream random(2);
    for (int round = 0; round < 1500; ++round) {
        const std::size_t classes = 2 + random.below(3);
        const random_cohort cohort(random, classes, classes == 4 ? 8 : 16, 12);
        fit_thresholds_options options;
        options.goal = static_cast<threshold_goal>(round % 5);
        options.cut = round % 2 == 0 ? cut_rule::midpoint : cut_rule::observed;
        if (options.goal == threshold_goal::cost) {
            options.costs.assign(classes, std::vector<double>(classes));
            for (auto& row : options.costs)
                for (double& cost : row) cost = random.below(6);
        }
        if (random.below(3) == 0)
            for (std::size_t c = 0; c < classes; ++c) options.prevalence.push_back(1 + random.below(9));
        const threshold_objective objective(options.goal, patients_of(cohort, classes), options.prevalence,
                                            options.costs);
        const double sign = options.goal == threshold_goal::cost ? -1 : 1;
        std::vector<double> candidates = cohort.values; // a cut between two values acts as one at the upper
        candidates.push_back(2);
        std::sort(candidates.begin(), candidates.end());
        const auto [cuts, most] = tried(candidates, classes - 1, [&](const std::vector<double>& at) {
            // Sums are rounded to make equals equal.
            return sign * std::round(objective.value(table_by(cohort, at)) * 1e10) / 1e10;
        });
        const auto fit = fit_thresholds(cohort.values, cohort.classes, options);
        CHECK(sign * fit.objective == doctest::Approx(most).epsilon(1e-9));
        CHECK(fit.confusion == table_by(cohort, fit.cuts));
        REQUIRE(fit.confusion == table_by(cohort, cuts)); // the lowest cuts among the best
        for (std::size_t j = 0; j + 1 < classes; ++j) {
            const auto& first = fit.plateaus[j].front();
            CHECK(first.lower < fit.cuts[j]);
            CHECK(first.upper >= fit.cuts[j]);
            // The upper end alone is a cut as good, if the others follow.
            if (std::isfinite(first.upper) && classes == 2)
                CHECK(objective.value(table_by(cohort, {first.upper})) == doctest::Approx(fit.objective));
        }
    }
}

TEST_CASE("a clean cohort: cuts halfway, names, a stage for the patient") {
    const std::vector<double> fractions{0.01, 0.02, 0.10, 0.12, 0.4, 0.5, 0.9};
    const std::vector<std::size_t> classes{0, 0, 1, 1, 2, 2, 2};
    const auto fit = fit_thresholds(fractions, classes, {.classes = {"A", "B", "C"}});
    CHECK(fit.cuts[0] == doctest::Approx(0.06));
    CHECK(fit.cuts[1] == doctest::Approx(0.26));
    CHECK(fit.objective == doctest::Approx(1));
    CHECK(fit.accuracy == 1);
    CHECK(fit.recall == std::vector<double>{1, 1, 1});
    CHECK(fit(0.04) == "A");
    CHECK((0.3 | fit) == "C");
    CHECK(fit.index(0.1) == 1);
    CHECK(fit.plateaus[0] == std::vector<bounds>{{0.02, 0.10}});
    CHECK(fit.remarks.empty());
    const thresholds stage(fit);
    CHECK(stage.options().cuts == fit.cuts);
    CHECK(stage(0.4) == "C");
    CHECK_THROWS_AS((void)fit(std::nan("")), std::invalid_argument);
    const auto observed = fit_thresholds(fractions, classes, {.cut = cut_rule::observed});
    CHECK(observed.cuts == std::vector<double>{0.10, 0.4});
    CHECK(observed(0.04) == "0");
}

TEST_CASE("a class that is never worth choosing is told, and the rule still makes a stage") {
    const std::vector<double> fractions{0.1, 0.2, 0.3, 0.4, 1.0};
    const std::vector<std::size_t> classes{0, 1, 0, 0, 0};
    const auto fit = fit_thresholds(fractions, classes, {.goal = threshold_goal::accuracy});
    CHECK(fit.cuts[0] == std::nextafter(1.0, 2.0));
    REQUIRE(fit.remarks.size() == 1);
    CHECK(fit.remarks[0].code == "class_never_chosen");
    CHECK(thresholds(fit)(1.0) == "0");
}

TEST_CASE("percent is told, and neighbours a double apart are still cut") {
    const double next = std::nextafter(50.0, 51.0);
    const auto fit = fit_thresholds(std::vector<double>{50, next}, std::vector<std::size_t>{0, 1});
    CHECK(fit.cuts[0] == next);
    CHECK(fit.remarks.at(0).code == "looks_like_percent");
    CHECK_THROWS_WITH_AS(thresholds{fit}, doctest::Contains("fractions from 0 to 1"), std::invalid_argument);
}

TEST_CASE("wrong cohorts and options are named") {
    const std::vector<double> fractions{0.1, 0.2, 0.3};
    const std::vector<std::size_t> classes{0, 1, 1};
    const auto wrong = [&](const std::vector<std::size_t>& c, const fit_thresholds_options& options,
                           const char* what) {
        CHECK_THROWS_WITH_AS((void)fit_thresholds(fractions, c, options), doctest::Contains(what),
                             std::invalid_argument);
    };
    wrong({0, 0, 0}, {}, "at least two classes");
    wrong({0, 2, 2}, {}, "class 1 has no patient");
    wrong(classes, {.classes = {"A", "B", "C"}}, "class C has no patient");
    wrong({0, 1, 2}, {.classes = {"A", "B"}}, "2 classes are named, found class 2");
    wrong({0, 1}, {}, "as many labels");
    wrong(classes, {.grid = 1}, "grid");
    wrong(classes, {.prevalence = {1}}, "prevalence");
    wrong(classes, {.goal = threshold_goal::cost}, "costs");
    const std::vector<double> constant(3, 0.5);
    CHECK_THROWS_WITH_AS((void)fit_thresholds(constant, classes), doctest::Contains("all values are"),
                         std::invalid_argument);
}

TEST_CASE("a class out of range is named, however large") {
    const std::vector<double> fractions{0.1, 0.2, 0.3};
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    for (const std::size_t wrong : {std::size_t{1000}, std::size_t{1'000'000'000'000}, most - 1, most})
        for (const auto& names : {std::vector<std::string>{}, std::vector<std::string>{"A", "B"}}) {
            const std::vector<std::size_t> classes{0, 1, wrong};
            CHECK_THROWS_WITH_AS((void)fit_thresholds(fractions, classes, {.classes = names}),
                                 doctest::Contains(("found class " + std::to_string(wrong)).c_str()),
                                 std::invalid_argument);
        }
    CHECK_THROWS_AS((void)fit_thresholds(fractions, std::vector<std::size_t>{0, 1, 1},
                                         {.classes = std::vector<std::string>(1001, "A")}),
                    std::invalid_argument);
}

TEST_CASE("values, costs and prevalence of any magnitude") {
    const std::vector<std::size_t> classes{0, 0, 1, 1};
    for (const double unit : {0x1p-1074, 0x1p-1000, 0x1p1000}) {
        const auto fit = fit_thresholds(std::vector<double>{0, 2 * unit, 6 * unit, 8 * unit}, classes);
        CHECK(fit.cuts[0] == 4 * unit);
        CHECK(fit.objective == 1);
    }
    CHECK(fit_thresholds(std::vector<double>{-1.7e308, -1e308, 1e308, 1.7e308}, classes).cuts[0] == 0);
    // The upper class is dear to miss, so one of the lower is given up; whatever the unit of the costs.
    const std::vector<double> values{0, 0.2, 0.1, 0.3};
    for (const double unit : {0x1p-1070, 1.0, 0x1p1020}) {
        const auto fit = fit_thresholds(values, classes,
                                        {.goal = threshold_goal::cost, .costs = {{0, unit}, {8 * unit, 0}}});
        CHECK(fit.cuts[0] == 0.05);
        CHECK(fit.objective == 0.25 * unit);
    }
    for (const double unit : {1e-308, 1.0, 1e308}) {
        const auto fit = fit_thresholds(values, classes,
                                        {.goal = threshold_goal::accuracy, .prevalence = {0.1 * unit, unit}});
        CHECK(fit.cuts[0] == 0.05);
        CHECK(fit.objective == doctest::Approx(1 - 0.05 / 1.1));
    }
    CHECK_THROWS_WITH_AS((void)fit_thresholds(values, classes, {.prevalence = {1e-308, 1}}),
                         doctest::Contains("is nothing beside 1"), std::invalid_argument);
}
