#include <groundglass/quantification/slice_profile.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::quantification;

namespace {

lesion_ct two_slices() {
    const shape3 shape{2, 2, 2};
    auto lungs = make_array<std::uint8_t>(shape);
    auto lesions = make_array<std::uint8_t>(shape);
    lungs(0, 0, 0) = lungs(0, 0, 1) = lungs(0, 1, 0) = lungs(0, 1, 1) = 1;
    lungs(1, 0, 0) = 2;
    lesions(0, 0, 0) = 1;
    lesions(1, 0, 0) = 2;
    const geometry grid{.shape = shape, .spacing_mm = {5, 10, 10}, .origin_mm = {0, 0, -30}};
    return {lung_ct(ct_volume(make_array<std::int16_t>(shape, -700), grid), lungs), lesions};
}

} // namespace

TEST_CASE("each slice has its own share") {
    const auto profile = slice_profile{}(two_slices());
    REQUIRE(profile.size() == 2);
    CHECK(profile[0].position_mm == doctest::Approx(-30));
    CHECK(profile[1].position_mm == doctest::Approx(-25));
    CHECK(profile[0].lung_ml == doctest::Approx(2.0));
    CHECK(profile[0].ground_glass_ml == doctest::Approx(0.5));
    CHECK(profile[0].opacity_percent == doctest::Approx(25));
    CHECK(profile[1].opacity_percent == doctest::Approx(100));
}

TEST_CASE("a slice with too little lung has no percentage but keeps its volumes") {
    const auto profile = slice_profile({.minimum_lung_ml = 1.0})(two_slices());
    CHECK(profile[0].opacity_percent == doctest::Approx(25));
    CHECK(std::isnan(profile[1].opacity_percent));
    CHECK(profile[1].consolidation_ml == doctest::Approx(0.5));
    CHECK_THROWS_WITH_AS(slice_profile({.minimum_lung_ml = -1}), doctest::Contains("minimum_lung_ml"),
                         std::invalid_argument);
}
