#include <groundglass/severity/thresholds.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using groundglass::severity::thresholds;

TEST_CASE("the published cuts: below, at and above") {
    const auto stage = thresholds::published();
    CHECK(stage(0.0) == "A");
    CHECK(stage(std::nextafter(0.018, 0)) == "A");
    CHECK(stage(0.018) == "B");
    CHECK(stage(std::nextafter(0.062, 0)) == "B");
    CHECK(stage(0.062) == "C");
    CHECK(stage(1.0) == "C");
    CHECK((0.03 | stage) == "B");
}

TEST_CASE("equal cuts leave the class between them empty") {
    const thresholds stage({{0.1, 0.1}, {"mild", "moderate", "severe"}});
    CHECK(stage(0.0999) == "mild");
    CHECK(stage(0.1) == "severe");
}

TEST_CASE("wrong options and fractions are named") {
    CHECK_THROWS_WITH_AS(thresholds({{0.2, 0.1}, {"a", "b", "c"}}), doctest::Contains("ascend"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(thresholds({{0.2}, {"a"}}), doctest::Contains("2 class names, found 1"),
                         std::invalid_argument);
    CHECK_THROWS_AS(thresholds({{}, {"a"}}), std::invalid_argument);
    CHECK_THROWS_AS(thresholds({{1.8}, {"a", "b"}}), std::invalid_argument);
    CHECK_THROWS_AS((void)thresholds::published()(1.8), std::invalid_argument);
    CHECK_THROWS_AS((void)thresholds::published()(std::nan("")), std::invalid_argument);
}
