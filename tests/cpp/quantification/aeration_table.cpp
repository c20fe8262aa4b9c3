#include <groundglass/quantification/aeration_table.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace groundglass::quantification;

TEST_CASE("rows by their region") {
    aeration_table table;
    table.rows[2].gas_ml = 7;
    CHECK(table[lung_region::right].gas_ml == 7);
    CHECK_THROWS_AS(static_cast<void>(table[lung_region::left_upper_lobe]), std::invalid_argument);
    table.lobes.resize(5);
    table.lobes[4].lung_mass_g = 3;
    CHECK(table[lung_region::right_lower_lobe].lung_mass_g == 3);
}
