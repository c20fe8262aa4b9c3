#include "lying_chest.hpp"
#include "random_chest.hpp"
#include <groundglass/quantification/dependent_density.hpp>
#include <groundglass/quantification/involvement.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace groundglass;
using namespace groundglass::quantification;
using volume::patient_position;

TEST_CASE("volumes and percentages without it") {
    lying_chest chest;
    chest.put(30, 34, -660);
    chest.put(10, 10, -660);
    const auto study = chest.study(patient_position::supine);
    const auto table = dependent_density{}(study);
    const double ml = 3 * 2 * 2 / 1000.0;
    CHECK(table.left_out.empty());
    CHECK(table.lung_level_hu == -860);
    CHECK(table[lung_region::both].dependent_ml == doctest::Approx(5 * 180 * ml));
    CHECK(table[lung_region::left].dependent_ml == doctest::Approx(5 * 90 * ml));
    CHECK(table[lung_region::both].opacity_percent_without_dependent == doctest::Approx(100.0 / 30));
    CHECK(involvement{}(study)[lung_region::both].opacity_percent == doctest::Approx(600.0 / 30));
    REQUIRE(table.layer);
    CHECK(flat(*table.layer).size() == study.ct().grid().size());
    REQUIRE(table.notes.size() == 1);
    CHECK(table.notes[0].code == "dependent_density");
}

TEST_CASE("the position given goes before that of the CT") {
    lying_chest chest;
    chest.put(30, 34, -660);
    const auto study = chest.study(patient_position::left_side);
    CHECK(dependent_density{}(study).left_out == "lies_on_side");
    CHECK(dependent_density({.position = patient_position::supine})(study)[lung_region::both].dependent_ml >
          0);
    CHECK(dependent_density({.position = patient_position::prone})(study)[lung_region::both].dependent_ml ==
          0);
}

TEST_CASE("it is left out with a reason, and NaN") {
    lying_chest chest;
    chest.put(30, 34, -660);
    const auto table = dependent_density{}(chest.study(patient_position::unknown));
    CHECK(table.left_out == "position_unknown");
    CHECK(std::isnan(table[lung_region::both].dependent_ml));
    CHECK_FALSE(table.layer);
    REQUIRE(table.notes.size() == 1);
    CHECK(table.notes[0].code == "dependent_density_left_out");
    chest.put(5, 34, -660);
    CHECK(dependent_density{}(chest.study(patient_position::supine)).left_out == "no_free_lung");
}

TEST_CASE("parts add up, with lobes and segments") {
    const auto study = random_chest(3);
    const auto table = dependent_density({.position = patient_position::supine})(study);
    double thirds = 0;
    for (std::size_t r = 3; r < lung_region_count; ++r) thirds += table.rows[r].dependent_ml;
    CHECK(thirds == doctest::Approx(table.rows[0].dependent_ml));
    CHECK(table.lobes.size() == volume::lobe_count);
    CHECK(table.segments.size() == volume::segment_count);
}
