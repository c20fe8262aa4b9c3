#include <groundglass/severity/scores.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using severity::ct_grade;
using severity::ct_grade_by_extent;

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

TEST_CASE("a percentage handed over as a fraction is refused") {
    CHECK_THROWS_WITH_AS((void)ct_grade_by_extent(12.5), doctest::Contains("not in percent"),
                         std::invalid_argument);
    CHECK_THROWS_AS((void)ct_grade_by_extent(-0.1), std::invalid_argument);
    CHECK_THROWS_AS((void)ct_grade_by_extent(std::nan("")), std::invalid_argument);
}

TEST_CASE("the stage grades the table's first row") {
    involvement_table table;
    table.rows[0].opacity_percent = 30;
    CHECK(severity::scores{}(table).ct_grade_extent == ct_grade::ct_2);
    CHECK(severity::scores{}(table).opacity_fraction == doctest::Approx(0.3));
    table.rows[0].opacity_percent = 0.4;
    CHECK(severity::scores{}(table).ct_grade_extent == ct_grade::ct_0);
    CHECK(severity::scores({.absent_below = 0})(table).ct_grade_extent == ct_grade::ct_1);
    table.rows[0].opacity_percent = std::nan("");
    CHECK_THROWS_AS((void)severity::scores{}(table), std::invalid_argument);
    CHECK_THROWS_AS(severity::scores({.absent_below = 0.3}), std::invalid_argument);
}
