#include "small_chest.hpp"
#include <groundglass/lungs/body_middle.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

TEST_CASE("middle_of_body: where the body lies, whatever its lungs hold") {
    small_chest chest;
    const auto healthy = chest.make().ct;
    chest.consolidated = [](double, double, double x) { return x > 0; };
    const auto opaque = chest.make().ct;
    for (const auto& ct : {healthy, opaque}) {
        const auto found = middle_of_body(ct, 10, 60);
        CHECK(std::abs(found.column - 72) < 1.5);
        CHECK(found.width > 80);
        CHECK(found.width < 140);
    }
    const ct_volume air(make_array<std::int16_t>({2, 3, 5}, -1000), {.shape = {2, 3, 5}});
    CHECK(middle_of_body(air, 0, 1).column == 2);
    CHECK_THROWS_AS((void)middle_of_body(air, 0, 2), std::out_of_range);
}
