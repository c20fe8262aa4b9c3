#include <groundglass/severity/ct_grade.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

using namespace groundglass;
using namespace groundglass::severity;
using severity::ct_grade;
using severity::ct_grade_by_extent;
using severity::ct_grade_by_pattern;
using severity::pattern_rule_options;

TEST_CASE("grades by extent are half-open") {
    CHECK(ct_grade_by_extent(0.0) == ct_grade::ct_0);
    CHECK(ct_grade_by_extent(1e-9) == ct_grade::ct_1);
    CHECK(ct_grade_by_extent(std::nextafter(0.25, 0)) == ct_grade::ct_1);
    CHECK(ct_grade_by_extent(0.25) == ct_grade::ct_2);
    CHECK(ct_grade_by_extent(std::nextafter(0.5, 0)) == ct_grade::ct_2);
    CHECK(ct_grade_by_extent(0.5) == ct_grade::ct_3);
    CHECK(ct_grade_by_extent(std::nextafter(0.75, 0)) == ct_grade::ct_3);
    CHECK(ct_grade_by_extent(0.75) == ct_grade::ct_4);
    CHECK(ct_grade_by_extent(1.0) == ct_grade::ct_4);
    CHECK(ct_grade_by_extent(0.004, 0.005) == ct_grade::ct_0);
    CHECK(ct_grade_by_extent(0.005, 0.005) == ct_grade::ct_1);
}

TEST_CASE("the cuts make the same grades") {
    for (const double absent_below : {0.0, 0.005}) {
        const auto cuts = severity::ct_grade_cuts(absent_below);
        for (const double fraction : {0.0, 1e-9, 0.004, 0.005, 0.2, 0.25, 0.3, 0.5, 0.6, 0.75, 1.0}) {
            const auto passed = std::upper_bound(cuts.begin(), cuts.end(), fraction) - cuts.begin();
            CHECK(static_cast<int>(ct_grade_by_extent(fraction, absent_below)) == passed);
        }
    }
    CHECK_THROWS_AS((void)severity::ct_grade_cuts(0.3), std::invalid_argument);
}

TEST_CASE("the pattern rule: consolidation is CT-3, extent decides without it") {
    const auto check = [](double ground_glass, double consolidation, ct_grade grade) {
        CAPTURE(ground_glass);
        CAPTURE(consolidation);
        CHECK(ct_grade_by_pattern(ground_glass, consolidation) == grade);
    };
    check(0, 0, ct_grade::ct_0);
    check(0.004, 0.004, ct_grade::ct_0);
    check(0.005, 0, ct_grade::ct_1);
    check(0.2499, 0, ct_grade::ct_1);
    check(0.25, 0, ct_grade::ct_2);
    check(0.2, 0.004, ct_grade::ct_1);
    check(0.5, 0, ct_grade::ct_3);
    check(0.7499, 0, ct_grade::ct_3);
    check(0.75, 0, ct_grade::ct_4);
    check(0, 0.01, ct_grade::ct_3);
    check(0.03, 0.01, ct_grade::ct_3);
    check(0.5, 0.25, ct_grade::ct_4);
    CHECK(ct_grade_by_pattern(0.2, 1e-6, {.absent_below = 0}) == ct_grade::ct_3);
}

TEST_CASE("the published rule: every pair of whole percents") {
    const auto published = pattern_rule_options::as_published();
    for (int g = 0; g <= 100; ++g)
        for (int k = 0; g + k <= 100; ++k) {
            std::optional<ct_grade> expected;
            if (g == 0 && k == 0)
                expected = ct_grade::ct_0;
            else if (k == 0 && g < 25)
                expected = ct_grade::ct_1;
            else if (k == 0 && g < 50)
                expected = ct_grade::ct_2;
            else if (k > 0 && g + k < 75)
                expected = ct_grade::ct_3;
            else if (g + k >= 75)
                expected = ct_grade::ct_4;
            CAPTURE(g);
            CAPTURE(k);
            CHECK(ct_grade_by_pattern(g / 100.0, k / 100.0, published) == expected);
            CHECK(expected.has_value() == !(k == 0 && g >= 50 && g < 75));
        }
}

TEST_CASE("the published rule rounds half to even, each class by itself") {
    const auto published = pattern_rule_options::as_published();
    CHECK(ct_grade_by_pattern(0.005, 0, published) == ct_grade::ct_0);    // 0.5 -> 0
    CHECK(ct_grade_by_pattern(0.015, 0, published) == ct_grade::ct_1);    // 1.5 -> 2
    CHECK(ct_grade_by_pattern(0.245, 0, published) == ct_grade::ct_1);    // 24.5 -> 24
    CHECK(ct_grade_by_pattern(0.495, 0, published) == std::nullopt);      // 49.5 -> 50
    CHECK(ct_grade_by_pattern(0.01, 0.005, published) == ct_grade::ct_1); // consolidation 0.5 -> 0
    CHECK(ct_grade_by_pattern(0.01, 0.0051, published) == ct_grade::ct_3);
    CHECK(ct_grade_by_pattern(0.505, 0.245, published) == ct_grade::ct_3); // 50 + 24, not 75
    CHECK(ct_grade_by_pattern(0.515, 0.235, published) == ct_grade::ct_4); // 52 + 24
}

TEST_CASE("the published rule rounds counts as whole numbers would") {
    const auto published = pattern_rule_options::as_published();
    for (const int pixels : {200, 600, 1000, 4800})
        for (int n = 0; n < pixels / 2; ++n) {
            const int twice = 200 * n, floor = twice / (2 * pixels), rest = twice % (2 * pixels);
            const int percent = rest > pixels || (rest == pixels && floor % 2 == 1) ? floor + 1 : floor;
            CAPTURE(pixels);
            CAPTURE(n);
            // With that much ground glass beside it the grade turns on the last whole percent.
            const double beside = (75 - percent) / 100.0;
            CHECK(ct_grade_by_pattern(beside, static_cast<double>(n) / pixels, published) == ct_grade::ct_4);
            CHECK(ct_grade_by_pattern(beside - 0.01, static_cast<double>(n) / pixels, published) !=
                  ct_grade::ct_4);
        }
}

TEST_CASE("a percentage handed over as a fraction is refused") {
    CHECK_THROWS_WITH_AS((void)ct_grade_by_extent(12.5), doctest::Contains("not in percent"),
                         std::invalid_argument);
    CHECK_THROWS_AS((void)ct_grade_by_extent(-0.1), std::invalid_argument);
    CHECK_THROWS_AS((void)ct_grade_by_extent(std::nan("")), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)ct_grade_by_pattern(3, 1), doctest::Contains("not in percent"),
                         std::invalid_argument);
    CHECK_THROWS_AS((void)ct_grade_by_pattern(0.1, std::nan("")), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)ct_grade_by_pattern(0.8, 0.3), doctest::Contains("add up to 1.1"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)ct_grade_by_pattern(0.8, 0.1, {.absent_below = 0.5}),
                         doctest::Contains("absent_below"), std::invalid_argument);
}

TEST_CASE("another value than a grade has no name") {
    CHECK_THROWS_AS((void)name_of(static_cast<ct_grade>(5)), std::invalid_argument);
    CHECK_THROWS_AS((void)name_of(static_cast<ct_grade>(255)), std::invalid_argument);
}
