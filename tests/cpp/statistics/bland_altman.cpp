#include "evaluation_cases.hpp"
#include <groundglass/statistics/bland_altman.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;
using doctest::Approx;

// The expected numbers are printed by evaluation_reference.py beside this file.

namespace {

void check(const estimate& found, double value, double lower, double upper) {
    CHECK(found.value == Approx(value).epsilon(1e-11));
    CHECK(found.interval.lower == Approx(lower).epsilon(1e-10));
    CHECK(found.interval.upper == Approx(upper).epsilon(1e-10));
}

} // namespace

TEST_CASE("bias and limits equal SciPy's") {
    const auto found = bland_altman_agreement(evaluation_cases::measured_a(), evaluation_cases::measured_b());
    CHECK(found.count == 60);
    check(found.bias, -0.525, -0.942642073585, -0.107357926415);
    check(found.lower_limit, -3.69370547376, -4.41142846814, -2.97598247938);
    check(found.upper_limit, 2.64370547376, 1.92598247938, 3.36142846814);
    CHECK(found.differences[1] == evaluation_cases::measured_a()[1] - evaluation_cases::measured_b()[1]);
    CHECK(found.means.size() == 60);
}

TEST_CASE("a constant difference has limits without width") {
    const std::vector<double> a{1, 2, 3}, b{3, 4, 5};
    const auto found = bland_altman_agreement(a, b);
    check(found.upper_limit, -2, -2, -2);
    CHECK(found.sd == 0);
}

TEST_CASE("bad measurements are named") {
    const std::vector<double> one{1}, two{1, 2}, bad{1, std::nan("")};
    const auto refused = [](const auto& a, const auto& b, const char* text) {
        CHECK_THROWS_WITH_AS((void)bland_altman_agreement(a, b), doctest::Contains(text),
                             std::invalid_argument);
    };
    refused(one, two, "differ in length, 1 and 2");
    refused(one, one, "at least two cases");
    refused(two, bad, "at index 1");
    CHECK_THROWS_AS((void)bland_altman_agreement(two, two, 0), std::invalid_argument);
}

TEST_CASE("measurements of any magnitude: exact, or refused") {
    const auto of = [](const std::vector<double>& a, const std::vector<double>& b) {
        return bland_altman_agreement(a, b);
    };
    const auto usual = of({1, 2, 4}, {2, 2, 2});
    for (const double unit : {0x1p900, 0x1p-900}) {
        const auto found = of({unit, 2 * unit, 4 * unit}, {2 * unit, 2 * unit, 2 * unit});
        CHECK(found.sd == unit * usual.sd);
        CHECK(found.upper_limit.interval.upper == Approx(unit * usual.upper_limit.interval.upper));
        CHECK(found.means[2] == 3 * unit);
    }
    CHECK(of({1e307, 1, -1e307}, {0, 0, 0}).bias.value == 1.0 / 3);
    CHECK(of({5e-324, 5e-324}, {0, 5e-324}).sd == 5e-324); // 0.7 of the least number, rounded
    CHECK(of({1 + 0x1p-52, 1}, {0, 0}).sd == Approx(0x1p-52 / std::sqrt(2.0)).epsilon(1e-12));
    for (const auto& [a, b] : std::vector<std::pair<std::vector<double>, std::vector<double>>>{
             {{1e308, -1e308, 0}, {-1e308, 1e308, 0}}, {{1e308, -1e308}, {0, 0}}})
        CHECK_THROWS_WITH_AS((void)of(a, b), doctest::Contains("beyond the largest double"),
                             std::invalid_argument);
    for (const double level : {1e-300, 1 - 0x1p-53})
        CHECK(bland_altman_agreement(std::vector<double>{1, 2}, std::vector<double>{1, 1}, level).sd ==
              Approx(std::sqrt(0.5)));
}
