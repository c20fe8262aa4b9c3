#include <groundglass/quantification/aeration_measures.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>

using namespace groundglass::quantification;

namespace {

hounsfield_histogram histogram_of(std::initializer_list<int> values) {
    hounsfield_histogram result;
    for (const int value : values) result.add(static_cast<std::int16_t>(value));
    return result;
}

} // namespace

TEST_CASE("an edge belongs to the compartment above it, the last to the one below") {
    const auto found = measures_of(
        histogram_of({-1024, -901, -900, -501, -500, -101, -100, 0, 100, 101, 3071}), 1, published_bands);
    CHECK(found.hyperinflated_ml == 2);
    CHECK(found.normally_aerated_ml == 2);
    CHECK(found.poorly_aerated_ml == 2);
    CHECK(found.non_aerated_ml == 3);
    CHECK(found.denser_ml == 2);
    CHECK(found.lung_ml == 11);
    CHECK(found.non_aerated_percent == doctest::Approx(300.0 / 11));
}

TEST_CASE("low attenuation lies below its threshold") {
    const auto found = measures_of(histogram_of({-951, -950, -949, -911, -910}), 1);
    CHECK(found.low_attenuation_950_percent == doctest::Approx(20));
    CHECK(found.low_attenuation_910_percent == doctest::Approx(80));
}

TEST_CASE("the 15th percentile needs no interpolation") {
    hounsfield_histogram lung;
    for (int i = 1; i <= 100; ++i) lung.add(static_cast<std::int16_t>(-1000 + i));
    CHECK(measures_of(lung, 1).perc15_hu == -985);
    CHECK(measures_of(histogram_of({-800}), 1).perc15_hu == -800);
}

TEST_CASE("gas and tissue of a voxel add up to it between air and water") {
    for (const int hu : {-1000, -873, -500, -1, 0}) {
        const auto found = measures_of(histogram_of({hu}), 0.5);
        CHECK(found.gas_ml == doctest::Approx(0.5 * -hu / 1000));
        CHECK(found.lung_mass_g == doctest::Approx(0.5 * (hu + 1000) / 1000));
        CHECK(found.gas_ml + found.lung_mass_g == doctest::Approx(0.5));
    }
    const auto dense = measures_of(histogram_of({60}), 2), padding = measures_of(histogram_of({-2000}), 2);
    CHECK(dense.gas_ml == 0);
    CHECK(dense.lung_mass_g == doctest::Approx(2.12));
    CHECK(dense.air_tissue_ratio == 0);
    CHECK(padding.gas_ml == 2);
    CHECK(padding.lung_mass_g == 0);
    CHECK(std::isnan(padding.air_tissue_ratio));
}

TEST_CASE("no lung has no shares") {
    const auto found = measures_of(hounsfield_histogram(), 1);
    CHECK(found.lung_ml == 0);
    CHECK(found.gas_ml == 0);
    for (const double value : {found.hyperinflated_percent, found.low_attenuation_950_percent,
                               found.perc15_hu, found.mean_hu, found.sd_hu, found.air_tissue_ratio})
        CHECK(std::isnan(value));
}

TEST_CASE("edges that do not rise are refused, and so are those outside of a scanner's range") {
    for (const aeration_bands& wrong : {aeration_bands{-900, -900, -100, 100},
                                        {-500, -900, -100, 100},
                                        {-1025, -900, -100, 100},
                                        {-900, -500, -100, 3072}})
        CHECK_THROWS_AS(check_bands(wrong), std::invalid_argument);
    CHECK_NOTHROW(check_bands({-1024, -500, -100, 3071}));
}
