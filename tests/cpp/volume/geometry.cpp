#include <groundglass/volume/geometry.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace groundglass;
using namespace groundglass::volume;

TEST_CASE("a step along an axis moves by spacing times direction") {
    const geometry grid{.shape = {10, 20, 30}, .spacing_mm = {5, 0.7, 0.8}, .origin_mm = {-100, -120, 40}};
    const auto p = grid.position_mm(2, 3, 4);
    CHECK(p[0] == doctest::Approx(-100 + 4 * 0.8));
    CHECK(p[1] == doctest::Approx(-120 + 3 * 0.7));
    CHECK(p[2] == doctest::Approx(40 + 2 * 5.0));
    CHECK(grid.voxel_ml() == doctest::Approx(5 * 0.7 * 0.8 / 1000));
    CHECK(grid.tilt_degrees() == doctest::Approx(0));
}

TEST_CASE("a gantry tilt shears the slice axis: the volume follows the determinant") {
    const double angle = 20 * 3.14159265358979323846 / 180;
    geometry grid{.shape = {4, 4, 4}, .spacing_mm = {5, 1, 1}};
    grid.direction[0] = {0, std::sin(angle), std::cos(angle)};
    CHECK(grid.tilt_degrees() == doctest::Approx(20));
    CHECK(grid.voxel_ml() == doctest::Approx(5 * std::cos(angle) / 1000));
    CHECK(grid.is_axial());
}

TEST_CASE("a coronal, a flipped and a mirrored grid are not axial") {
    geometry coronal;
    coronal.direction = {{{0, 1, 0}, {0, 0, -1}, {1, 0, 0}}};
    CHECK_FALSE(coronal.is_axial());
    geometry head_first;
    head_first.direction[0] = {0, 0, -1};
    CHECK_FALSE(head_first.is_axial());
    geometry mirrored;
    mirrored.direction[2] = {-1, 0, 0};
    CHECK_FALSE(mirrored.is_axial());
}

TEST_CASE("whole_up_to: any double becomes a count") {
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    for (const double value :
         {-1e308, -1.0, -0.0, 0.0, 0.99, 5e-324, std::nan(""), -std::numeric_limits<double>::infinity()})
        CHECK(whole_up_to(value, 7) == 0);
    CHECK(whole_up_to(1, 7) == 1);
    CHECK(whole_up_to(6.99, 7) == 6);
    for (const double value : {7.0, 7.5, 1e19, 1e308, std::numeric_limits<double>::infinity()})
        CHECK(whole_up_to(value, 7) == 7);
    CHECK(whole_up_to(1e300, most) == most);
    CHECK(whole_up_to(0x1p63, most) == std::size_t{1} << 63);
    CHECK(whole_up_to(3, 0) == 0);
}
