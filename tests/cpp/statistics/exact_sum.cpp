#define GROUNDGLASS_HEADER_ONLY // the detail header defines what the library has compiled

#include <groundglass/statistics/detail/exact_sum.hpp>
#include <groundglass/statistics/exact_sum.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

TEST_CASE("what cancels leaves nothing behind, whatever the order and magnitude") {
    std::vector<double> values{1e308, 1e308, 1.5, 1e-308, 5e-324, -1e308, 1e16, -1e16, -1e308};
    std::mt19937 random(2);
    for (int i = 0; i < 100; ++i) {
        std::shuffle(values.begin(), values.end(), random);
        exact_sum sum, rest;
        for (const double value : values) sum.add(value);
        CHECK(sum.value() == 1.5L);
        rest += sum;
        rest.add(-1.5);
        rest.add(-1e-308);
        CHECK(static_cast<double>(rest.value()) == 5e-324);
    }
}

TEST_CASE("products are exact") {
    exact_sum sum;
    sum.add_product(1e308, 1e308);
    sum.add_product(0.1, 0.3);
    sum.add_product(1e-308, 1e-308);
    sum.add_product(-1e308, 1e308);
    sum.add_product(-0.1, 0.3);
    CHECK(sum.value() == static_cast<long double>(1e-308) * static_cast<long double>(1e-308));
}

TEST_CASE("a mean is that of the exact sum") {
    constexpr double largest = std::numeric_limits<double>::max();
    CHECK(exact_mean(std::vector<double>{largest, largest, largest}) == largest);
    CHECK(static_cast<double>(exact_mean(std::vector<double>{1e308, 1, -1e308})) == 1.0 / 3);
    CHECK(std::isnan(exact_mean({})));
    CHECK_THROWS_WITH_AS(
        (void)statistics::detail::narrowed("f", "a sum", 2 * static_cast<long double>(largest)),
        doctest::Contains("f: a sum is beyond the largest double"), std::invalid_argument);
}
