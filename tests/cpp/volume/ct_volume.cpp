#include <groundglass/volume/ct_volume.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;

TEST_CASE("copies share the voxels") {
    const ct_volume ct(make_array<std::int16_t>({2, 3, 4}, -1000), {.shape = {2, 3, 4}});
    const ct_volume copy = ct;
    CHECK(flat(copy.hounsfield()).data() == flat(ct.hounsfield()).data());
}

TEST_CASE("another shape, a spacing of zero or NaN, and a turned grid are refused") {
    const auto make = [](const geometry& grid) {
        return ct_volume(make_array<std::int16_t>({2, 3, 4}), grid);
    };
    CHECK_THROWS_AS(make({.shape = {2, 4, 3}}), std::invalid_argument);
    CHECK_THROWS_AS(make({.shape = {2, 3, 4}, .spacing_mm = {0, 1, 1}}), std::invalid_argument);
    CHECK_THROWS_AS(make({.shape = {2, 3, 4}, .spacing_mm = {1, std::nan(""), 1}}), std::invalid_argument);
    geometry turned{.shape = {2, 3, 4}};
    turned.direction = {{{0, 1, 0}, {0, 0, 1}, {1, 0, 0}}};
    CHECK_THROWS_AS(make(turned), std::invalid_argument);
}

TEST_CASE("ct_volume: a volume that is no number is named as such") {
    geometry grid;
    grid.shape = {2, 2, 2};
    for (const double spacing : {1e-300, 1e-110, 1e103, 1e300}) {
        grid.spacing_mm = {spacing, spacing, spacing};
        CHECK_THROWS_WITH_AS(ct_volume(make_array<std::int16_t>(grid.shape), grid),
                             doctest::Contains("a volume that is 0 or beyond all numbers"),
                             std::invalid_argument);
    }
}
