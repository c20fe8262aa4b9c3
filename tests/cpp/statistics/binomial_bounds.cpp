#include <groundglass/statistics/binomial_bounds.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

namespace {

// SciPy 1.17.1: binomtest(k, n).proportion_ci(method="wilson" and "exact"); for Jeffreys'
// beta.ppf([0.025, 0.975], k + 0.5, n - k + 0.5), with 0 and 1 where all failed or succeeded.
void check(binomial_method method, double successes, double trials, double lower, double upper) {
    const auto found = binomial_bounds(successes, trials, {.method = method});
    CHECK(found.lower == doctest::Approx(lower).epsilon(1e-10));
    CHECK(found.upper == doctest::Approx(upper).epsilon(1e-10));
}

} // namespace

TEST_CASE("the three methods against SciPy") {
    check(binomial_method::wilson, 0, 7, 0.0, 0.35433043506668743);
    check(binomial_method::jeffreys, 0, 7, 0.0, 0.29243617366230984);
    check(binomial_method::clopper_pearson, 0, 7, 0.0, 0.4096163972250487);
    check(binomial_method::wilson, 1, 7, 0.02567962434474358, 0.5131278292743189);
    check(binomial_method::jeffreys, 1, 7, 0.0158765242127468, 0.5007974616190776);
    check(binomial_method::clopper_pearson, 1, 7, 0.0036102968619008097, 0.5787231970431982);
    check(binomial_method::wilson, 3, 29, 0.03581489135067706, 0.263850810907738);
    check(binomial_method::jeffreys, 3, 29, 0.030010602890256796, 0.2509933902530989);
    check(binomial_method::clopper_pearson, 3, 29, 0.021863736829853216, 0.2735151978923027);
    check(binomial_method::wilson, 50, 100, 0.4038315303659956, 0.5961684696340044);
    check(binomial_method::jeffreys, 50, 100, 0.40317395089641805, 0.596826049103582);
    check(binomial_method::clopper_pearson, 50, 100, 0.39832112950330095, 0.6016788704966991);
    check(binomial_method::wilson, 66, 355, 0.14888546275559145, 0.2296701792461076);
    check(binomial_method::jeffreys, 66, 355, 0.14808374752156536, 0.2288436761856421);
    check(binomial_method::clopper_pearson, 66, 355, 0.14680445595061473, 0.23035759123870397);
    check(binomial_method::wilson, 1000, 1000, 0.9961732415144449, 1.0);
    check(binomial_method::jeffreys, 1000, 1000, 0.9974918356585777, 1.0);
    check(binomial_method::clopper_pearson, 1000, 1000, 0.9963179161033608, 1.0);
}

TEST_CASE("nothing seen leaves everything possible; none and all are one-sided") {
    for (auto method :
         {binomial_method::wilson, binomial_method::jeffreys, binomial_method::clopper_pearson}) {
        CHECK(binomial_bounds(0, 0, {.method = method}) == bounds{0, 1});
        CHECK(binomial_bounds(0, 9, {.method = method}).lower == 0);
        CHECK(binomial_bounds(9, 9, {.method = method}).upper == 1);
        CHECK(binomial_bounds(0, 9, {.method = method}).upper < 0.5);
        // Mirrored counts have mirrored bounds.
        const auto a = binomial_bounds(3, 11, {.method = method}),
                   b = binomial_bounds(8, 11, {.method = method});
        CHECK(a.lower == doctest::Approx(1 - b.upper));
        CHECK(a.upper == doctest::Approx(1 - b.lower));
        // At a very low level the estimate is still held.
        const auto narrow = binomial_bounds(1, 1000, {.method = method, .level = 0.001});
        CHECK(narrow.lower <= 0.001);
        CHECK(narrow.upper >= 0.001);
    }
}

TEST_CASE("many at once are the same") {
    const std::vector<double> successes{0, 1, 1, 4.5}, trials{0, 7, 7, 9};
    for (auto method : {binomial_method::wilson, binomial_method::jeffreys}) {
        const auto many = binomial_bounds(successes, trials, {.method = method, .level = 0.9});
        for (std::size_t i = 0; i < 4; ++i)
            CHECK(many[i] == binomial_bounds(successes[i], trials[i], {.method = method, .level = 0.9}));
    }
    CHECK_THROWS_AS((void)binomial_bounds(successes, std::vector<double>{1}), std::invalid_argument);
}

TEST_CASE("wrong counts and levels are named") {
    CHECK_THROWS_WITH_AS((void)binomial_bounds(3, 2), doctest::Contains("successes <= trials"),
                         std::invalid_argument);
    CHECK_THROWS_AS((void)binomial_bounds(-1, 2), std::invalid_argument);
    CHECK_THROWS_AS((void)binomial_bounds(std::nan(""), 2), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)binomial_bounds(1, 2, {.level = 95}), doctest::Contains("level"),
                         std::invalid_argument);
}

TEST_CASE("counts of any magnitude: bounds that hold the share, or a refusal") {
    for (const auto method :
         {binomial_method::wilson, binomial_method::jeffreys, binomial_method::clopper_pearson})
        for (const double trials :
             {5e-324, 1e-308, 1e-20, 0x1p-53, 1e-9, 0.3, 1.0, 1e9, 0x1p53, 1e17, 1e154, 1e308})
            for (const double share : {0.0, 1e-12, 0.3, 0.5, 1.0}) {
                const double successes = share * trials;
                CAPTURE(trials);
                CAPTURE(successes);
                if (method != binomial_method::wilson && trials > 1e9) {
                    CHECK_THROWS_WITH_AS((void)binomial_bounds(successes, trials, {.method = method}),
                                         doctest::Contains("take wilson"), std::invalid_argument);
                    continue;
                }
                const auto found = binomial_bounds(successes, trials, {.method = method});
                CHECK(found.lower >= 0);
                CHECK(found.lower <= successes / trials);
                CHECK(found.upper >= successes / trials);
                CHECK(found.upper <= 1);
                if (trials >= 1e9 && share > 0.1) CHECK(found.upper - found.lower < 1e-3);
            }
    // The root of (t + z²) p² - (2 s + z²) p + s² / t near 0, which a difference would lose.
    const auto few = binomial_bounds(1e-6, 10);
    CHECK(few.lower == doctest::Approx(1e-13 / (10 + 3.841458820694124) / few.upper).epsilon(1e-14));
    CHECK_THROWS_WITH_AS((void)binomial_bounds(2e-300, 1e-300), doctest::Contains("found 2e-300 of 1e-300"),
                         std::invalid_argument);
}

TEST_CASE("clopper_pearson of counts near nothing and near all") {
    const binomial_bounds_options exact{.method = binomial_method::clopper_pearson};
    for (const double count : {2.2e-311, 5e-324, 1e-100, 1e-3}) {
        const auto few = binomial_bounds(count, 1, exact);
        CHECK(few.lower == 0);
        CHECK(few.upper > 0.97);
    }
    CHECK(binomial_bounds(1 - 0x1p-53, 1, exact).upper == 1);
    // (tail * a * B(a, b))^(1 / a), the first term of the incomplete beta function for a near 0
    CHECK(binomial_bounds(0.01, 1, exact).lower / 2.3156e-161 == doctest::Approx(1).epsilon(1e-3));
}
