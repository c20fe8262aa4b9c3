#include <groundglass/statistics/threshold_bootstrap.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

namespace {

struct cohort {
    std::vector<double> values;
    std::vector<std::size_t> classes;
};

/// Three classes, each a square law; `signal` 0 makes them alike.
cohort made(std::size_t n, double signal, std::uint64_t seed) {
    random_stream random(seed);
    cohort result;
    for (std::size_t i = 0; i < n; ++i) {
        result.classes.push_back(i % 3);
        const double x = random.uniform();
        result.values.push_back(0.4 * x * x + signal * static_cast<double>(i % 3));
    }
    return result;
}

} // namespace

TEST_CASE("intervals hold the fitted cuts, and the order of the patients changes nothing") {
    auto c = made(120, 0.15, 4);
    const auto first = bootstrap_thresholds(c.values, c.classes, {}, {.resamples = 400, .seed = 9});
    for (std::size_t cut = 0; cut < 2; ++cut) {
        CHECK(first.cuts[cut].lower <= first.fit.cuts[cut]);
        CHECK(first.cuts[cut].upper >= first.fit.cuts[cut]);
        CHECK(first.resampled_cuts[cut].size() == 400);
    }
    CHECK(first.apparent == first.fit.objective);
    CHECK(first.corrected < first.apparent);
    CHECK(first.out_of_bag < first.apparent);
    CHECK(first.out_of_bag_bounds.lower < first.out_of_bag);
    CHECK(first.out_of_bag_bounds.upper > first.out_of_bag);

    std::reverse(c.values.begin(), c.values.end());
    std::reverse(c.classes.begin(), c.classes.end());
    for (auto grid : {std::optional<std::size_t>{}, std::optional<std::size_t>{100}}) {
        const auto forth = bootstrap_thresholds(c.values, c.classes, {.grid = grid}, {.resamples = 50});
        std::reverse(c.values.begin(), c.values.end());
        std::reverse(c.classes.begin(), c.classes.end());
        const auto back = bootstrap_thresholds(c.values, c.classes, {.grid = grid}, {.resamples = 50});
        CHECK(back.resampled_cuts == forth.resampled_cuts);
        CHECK(back.out_of_bag == forth.out_of_bag);
    }
    const auto other = bootstrap_thresholds(c.values, c.classes, {}, {.resamples = 400, .seed = 10});
    CHECK(other.resampled_cuts != first.resampled_cuts);
}

TEST_CASE("without a signal both corrections come down to a guess") {
    const auto c = made(60, 0, 8);
    const auto result = bootstrap_thresholds(c.values, c.classes, {}, {.resamples = 500});
    CHECK(result.apparent > 0.40); // the best of many cuts looks like something
    CHECK(result.corrected < result.apparent - 0.03);
    CHECK(std::abs(result.out_of_bag - 1.0 / 3) < 0.06);
}

TEST_CASE("costs are corrected upwards") {
    const auto c = made(60, 0.1, 8);
    fit_thresholds_options options;
    options.goal = threshold_goal::cost;
    options.costs = {{0, 1, 2}, {1, 0, 1}, {5, 2, 0}};
    const auto result = bootstrap_thresholds(c.values, c.classes, options, {.resamples = 200});
    CHECK(result.corrected > result.apparent);
}

TEST_CASE("wrong options are named") {
    const auto c = made(12, 0.1, 1);
    CHECK_THROWS_WITH_AS((void)bootstrap_thresholds(c.values, c.classes, {}, {.resamples = 0}),
                         doctest::Contains("resamples"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)bootstrap_thresholds(c.values, c.classes, {}, {.level = 1}),
                         doctest::Contains("level"), std::invalid_argument);
}
