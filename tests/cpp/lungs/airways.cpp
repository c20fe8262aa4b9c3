#include "small_chest.hpp"
#include <groundglass/lungs/airways.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

TEST_CASE("find_central_airways: trachea and main bronchi, and hardly any lung") {
    const small_chest chest;
    const auto [ct, truth] = chest.make();
    bit_mask inside = mask_where(truth, [](std::uint8_t label) { return label >= 1 && label <= 3; });
    const auto lungs =
        bounding_box(mask_where(truth, [](std::uint8_t label) { return label == 1 || label == 2; }));
    const auto found = find_central_airways(ct.hounsfield(), inside, lungs, chest.spacing);
    REQUIRE(found);
    const auto expected = mask_where(truth, [](std::uint8_t label) { return label == 3; });
    CHECK((found->lumen & expected).count() > 0.9 * static_cast<double>(expected.count()));
    CHECK((found->lumen - expected).count() < 0.06 * static_cast<double>(expected.count()));
    // They divide 20 mm above the middle of the grid, and the bronchi are seen apart 10 mm below that.
    const double carina_mm = (static_cast<double>(found->carina[0]) - 35) * chest.spacing[0];
    CHECK(carina_mm > 0);
    CHECK(carina_mm < 24);
    CHECK(std::abs(static_cast<double>(found->carina[2]) - 72) * chest.spacing[2] < 20);
}

TEST_CASE("find_central_airways: nothing where no trachea is") {
    const small_chest chest;
    const auto [ct, truth] = chest.make();
    const auto inside = mask_where(truth, [](std::uint8_t label) { return label == 1 || label == 2; });
    CHECK_FALSE(find_central_airways(ct.hounsfield(), inside, bounding_box(inside), chest.spacing));
}
