#include <groundglass/statistics/isotonic.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

TEST_CASE("violators are pooled by their weights") {
    const std::vector<double> values{1, 3, 2, 4, 3.5, 3.5}, weights{1, 1, 3, 1, 1, 2};
    CHECK(isotonic_regression(values) == std::vector<double>{1, 2.5, 2.5, 11.0 / 3, 11.0 / 3, 11.0 / 3});
    const auto weighted = isotonic_regression(values, weights);
    CHECK(weighted[1] == doctest::Approx(2.25));
    CHECK(weighted[5] == doctest::Approx(14.5 / 4));
    const auto blocks = isotonic_blocks(values, weights);
    REQUIRE(blocks.size() == 3);
    CHECK(blocks[1].first == 1);
    CHECK(blocks[1].count == 2);
    CHECK(blocks[1].weight == 4);
}

TEST_CASE("an ascending series stays, a descending one becomes its mean") {
    CHECK(isotonic_regression(std::vector<double>{1, 2, 5}) == std::vector<double>{1, 2, 5});
    CHECK(isotonic_regression(std::vector<double>{5, 3, 1}) == std::vector<double>{3, 3, 3});
    CHECK(isotonic_regression(std::vector<double>{}).empty());
}

TEST_CASE("wrong values and weights are named") {
    CHECK_THROWS_WITH_AS((void)isotonic_regression(std::vector<double>{1, std::nan("")}),
                         doctest::Contains("value 1 is not finite"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)isotonic_regression(std::vector<double>{1, 2}, std::vector<double>{1, 0}),
                         doctest::Contains("weights must be above 0"), std::invalid_argument);
    CHECK_THROWS_AS((void)isotonic_regression(std::vector<double>{1, 2}, std::vector<double>{1}),
                    std::invalid_argument);
}

TEST_CASE("levels are exact means at any magnitude") {
    const auto fit = [](const std::vector<double>& values, const std::vector<double>& weights = {}) {
        return isotonic_regression(values, weights);
    };
    CHECK(fit({1e308, -1e308}) == std::vector<double>{0, 0});
    CHECK(fit({1, 0}, {1e308, 1e308}) == std::vector<double>{0.5, 0.5});
    CHECK(fit({1, 0}, {5e-324, 5e-324}) == std::vector<double>{0.5, 0.5});
    CHECK(fit({1, 0}, {1e-308, 1e308}) == std::vector<double>{0, 0});
    CHECK(fit({1.7e308, 1.7e308, 1.6e308}) == std::vector<double>(3, 1.6666666666666666e308));
    // A mean that rounding took for 1e292 would have pooled the last value as well.
    CHECK(fit({1e308, 1, -1e308, 5}) == std::vector<double>{1.0 / 3, 1.0 / 3, 1.0 / 3, 5});
    CHECK(
        std::isinf(isotonic_blocks(std::vector<double>{1, 0}, std::vector<double>{1e308, 1e308})[0].weight));
}
