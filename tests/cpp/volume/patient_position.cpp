#include <groundglass/volume/patient_position.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace groundglass::volume;

TEST_CASE("what a header says") {
    CHECK(position_of_header("HFS") == patient_position::supine);
    CHECK(position_of_header("FFS ") == patient_position::supine);
    CHECK(position_of_header("HFP") == patient_position::prone);
    CHECK(position_of_header("FFDL") == patient_position::left_side);
    CHECK(position_of_header("HFDR") == patient_position::right_side);
    CHECK(position_of_header("LFP") == patient_position::prone);
    for (const auto* other : {"", "H", "HF", "SITTING", "HFX", "hfs", "XFS", "HFSX", "HAS"})
        CHECK(position_of_header(other) == patient_position::unknown);
}

TEST_CASE("names go there and back") {
    for (const auto position : {patient_position::unknown, patient_position::supine, patient_position::prone,
                                patient_position::left_side, patient_position::right_side})
        CHECK(position_named(name_of(position)) == position);
    CHECK_THROWS_AS(static_cast<void>(position_named("upright")), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(name_of(static_cast<patient_position>(9))), std::invalid_argument);
}
