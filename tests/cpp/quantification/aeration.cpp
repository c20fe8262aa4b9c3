#include "random_chest.hpp"
#include <groundglass/quantification/aeration.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::quantification;

namespace {

ct_volume plain_ct(double spacing, reconstruction made = {}) {
    return {make_array<std::int16_t>({2, 2, 2}, -850),
            {.shape = {2, 2, 2}, .spacing_mm = {spacing, 1, 1}},
            {},
            std::move(made)};
}

std::vector<std::string> codes_of(const ct_volume& ct) {
    std::vector<std::string> result;
    for (const auto& each : aeration{}(lung_ct(ct, make_array<std::uint8_t>({2, 2, 2}, 1))).notes)
        result.push_back(each.code);
    return result;
}

} // namespace

TEST_CASE("both lungs, counted by hand") {
    const auto study = random_chest(1);
    const auto hounsfield = flat(study.ct().hounsfield());
    const auto lungs = flat(study.lungs());
    double lung = 0, hyperinflated = 0, low = 0, sum = 0, squares = 0, gas = 0, mass = 0;
    for (std::size_t i = 0; i < lungs.size(); ++i) {
        if (lungs[i] == 0) continue;
        const double hu = hounsfield[i];
        lung += 1;
        hyperinflated += hu < -900;
        low += hu < -950;
        sum += hu;
        squares += hu * hu;
        gas += hu < -1000 ? 1 : hu > 0 ? 0 : -hu / 1000;
        mass += hu < -1000 ? 0 : (hu + 1000) / 1000;
    }
    const double ml = 2.5 * 0.7 * 0.8 / 1000;
    const auto table = aeration{}(study);
    const auto& row = table[lung_region::both];
    CHECK(row.lung_ml == doctest::Approx(lung * ml));
    CHECK(row.hyperinflated_ml == doctest::Approx(hyperinflated * ml));
    CHECK(row.hyperinflated_percent == doctest::Approx(100 * hyperinflated / lung));
    CHECK(row.low_attenuation_950_percent == doctest::Approx(100 * low / lung));
    CHECK(row.mean_hu == doctest::Approx(sum / lung));
    CHECK(row.sd_hu == doctest::Approx(std::sqrt(squares / lung - sum / lung * sum / lung)));
    CHECK(row.gas_ml == doctest::Approx(gas * ml));
    CHECK(row.lung_mass_g == doctest::Approx(mass * ml));
    CHECK(row.air_tissue_ratio == doctest::Approx(gas / mass));
}

TEST_CASE("regions add up") {
    using enum lung_region;
    for (unsigned seed = 0; seed < 5; ++seed) {
        const auto table = aeration{}(random_chest(seed));
        REQUIRE(table.lobes.size() == 5);
        REQUIRE(table.segments.size() == 20);
        const auto total = [&](auto member, std::initializer_list<lung_region> regions) {
            double sum = 0;
            for (const auto region : regions) sum += table[region].*member;
            return sum;
        };
        for (const auto member : {&region_aeration::lung_ml, &region_aeration::hyperinflated_ml,
                                  &region_aeration::denser_ml, &region_aeration::gas_ml}) {
            CHECK(total(member, {left, right}) == doctest::Approx(table[both].*member).epsilon(1e-13));
            CHECK(total(member, {left_upper, left_middle, left_lower}) ==
                  doctest::Approx(table[left].*member).epsilon(1e-13));
        }
        for (const auto& row : table.rows)
            CHECK(row.hyperinflated_ml + row.normally_aerated_ml + row.poorly_aerated_ml +
                      row.non_aerated_ml + row.denser_ml ==
                  doctest::Approx(row.lung_ml).epsilon(1e-13));
    }
}

TEST_CASE("lungs alone are enough, and lesions change nothing") {
    const auto study = random_chest(3);
    const auto one = aeration{}(study), other = study.with_lungs() | aeration{};
    for (std::size_t r = 0; r < lung_region_count; ++r) CHECK(one.rows[r].gas_ml == other.rows[r].gas_ml);
}

TEST_CASE("bands of one's own") {
    const auto study = random_chest(4);
    const auto table = aeration({.bands_hu = {-950, -700, -300, 50}})(study);
    CHECK(table.bands_hu == aeration_bands{-950, -700, -300, 50});
    CHECK(table.rows[0].hyperinflated_percent ==
          doctest::Approx(aeration{}(study).rows[0].low_attenuation_950_percent));
    CHECK_THROWS_AS(aeration({.bands_hu = {-900, -500, -500, 100}}), std::invalid_argument);
}

TEST_CASE("thick slices and sharp kernels are told") {
    using codes = std::vector<std::string>;
    CHECK(codes_of(plain_ct(3)) == codes{});
    CHECK(codes_of(plain_ct(3.5)) == codes{"thick_slices"});
    CHECK(codes_of(plain_ct(10, {1.0, "B30f"})) == codes{});
    CHECK(codes_of(plain_ct(2, {5.0, "B70f"})) == codes{"thick_slices", "sharp_kernel"});
    CHECK(codes_of(plain_ct(1, {std::nullopt, "LUNG"})) == codes{"sharp_kernel"});
}
