#include "random_chest.hpp"
#include <groundglass/quantification/involvement_and_aeration.hpp>

#include <doctest/doctest.h>

#include <cstddef>

using namespace groundglass;
using namespace groundglass::quantification;

namespace {

void check_same(const involvement_measures& a, const involvement_measures& b) {
    CHECK(a.lung_ml == b.lung_ml);
    CHECK(a.ground_glass_ml == b.ground_glass_ml);
    CHECK(a.consolidation_ml == b.consolidation_ml);
    CHECK(a.opacity_percent == b.opacity_percent);
    CHECK(a.high_opacity_percent == b.high_opacity_percent);
    CHECK(a.lung_hu.mean == b.lung_hu.mean);
    CHECK(a.lung_hu.sd == b.lung_hu.sd);
    CHECK(a.opacity_hu.mean == b.opacity_hu.mean);
}

void check_same(const aeration_measures& a, const aeration_measures& b) {
    CHECK(a.hyperinflated_ml == b.hyperinflated_ml);
    CHECK(a.denser_percent == b.denser_percent);
    CHECK(a.perc15_hu == b.perc15_hu);
    CHECK(a.sd_hu == b.sd_hu);
    CHECK(a.gas_ml == b.gas_ml);
    CHECK(a.lung_mass_g == b.lung_mass_g);
}

} // namespace

TEST_CASE("one pass gives what two give") {
    const involvement first({.high_opacity = high_opacity_rule::above_minus_200_hu});
    const aeration second({.bands_hu = {-930, -600, -200, 80}});
    for (unsigned seed = 0; seed < 4; ++seed) {
        const auto study = random_chest(seed);
        const auto [involved, aerated] = involvement_and_aeration(study, first, second);
        const auto one = first(study);
        const auto other = second(study);
        for (std::size_t r = 0; r < lung_region_count; ++r) {
            check_same(involved.rows[r], one.rows[r]);
            check_same(aerated.rows[r], other.rows[r]);
            CHECK(aerated.rows[r].region == involved.rows[r].region);
        }
        REQUIRE(aerated.lobes.size() == 5);
        for (std::size_t lobe = 0; lobe < 5; ++lobe) {
            check_same(involved.lobes[lobe], one.lobes[lobe]);
            check_same(aerated.lobes[lobe], other.lobes[lobe]);
        }
        REQUIRE(involved.segments.size() == 20);
        for (std::size_t segment = 0; segment < 20; ++segment) {
            check_same(involved.segments[segment], one.segments[segment]);
            check_same(aerated.segments[segment], other.segments[segment]);
        }
        CHECK(aerated.bands_hu == other.bands_hu);
        CHECK(aerated.notes == other.notes);
    }
}
