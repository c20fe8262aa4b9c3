#include <groundglass/quantification/involvement_table.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace groundglass::quantification;
using groundglass::volume::lobe_count;

TEST_CASE("a region that is not there is named") {
    involvement_table table;
    CHECK(table[lung_region::right_lower].lung_ml == 0);
    CHECK_THROWS_AS((void)table[lung_region::left_upper_lobe], std::invalid_argument);
    CHECK_THROWS_AS((void)table[static_cast<lung_region>(255)], std::invalid_argument);
    table.lobes.resize(lobe_count);
    table.lobes[4].lung_ml = 7;
    CHECK(table[lung_region::right_lower_lobe].lung_ml == 7);
    CHECK_THROWS_AS((void)name_of(static_cast<lung_region>(lung_region_count + lobe_count)),
                    std::invalid_argument);
}

TEST_CASE("the first row is the answer as a fraction") {
    involvement_table table;
    table.rows[0].opacity_percent = 25;
    CHECK(table.opacity_fraction() == 0.25);
    CHECK(name_of(table.rows[0].region) == "both lungs");
    CHECK(name_of(lung_region::right_lower_lobe) == "right lower lobe");
}
