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
    // A left main bronchus may be 55 mm long; these open into the lung after 49.
    CHECK((found->lumen - expected).count() < 0.1 * static_cast<double>(expected.count()));
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

TEST_CASE("find_central_airways: bronchi that leave level like the arms of a T, and a pharynx above") {
    const vector3 spacing{3, 2, 2};
    auto hounsfield = make_array<std::int16_t>({110, 64, 128}, 40);
    bit_mask airways({110, 64, 128});
    const auto draw = [&](std::size_t s, std::size_t r, std::size_t c, int value) {
        hounsfield(s, r, c) = static_cast<std::int16_t>(value);
        if (value == -1000 && s < 90) airways.set(s, r, c);
    };
    for (std::size_t s = 0; s < 110; ++s)
        for (std::size_t r = 0; r < 64; ++r)
            for (std::size_t c = 0; c < 128; ++c) {
                const double z = 3.0 * static_cast<double>(s);
                const double y = 2.0 * (static_cast<double>(r) - 32);
                const double x = 2.0 * (static_cast<double>(c) - 64);
                if (z < 220 && std::abs(x) > 28 && std::abs(x) < 110 && std::abs(y) < 56) draw(s, r, c, -870);
                const bool trachea = z >= 150 && z < 270 && std::hypot(x, y) < 9;
                const bool arms = std::hypot(y, z - 150) < 8 && std::abs(x) < 44;
                const bool pharynx = z >= 270 && std::abs(x) < 50 && std::abs(y) < 50;
                // The right bronchus goes on downwards alone, so that no two lie side by side.
                const bool lower = z < 150 && z > 110 && std::hypot(x + 36, y) < 7;
                if (trachea || arms || pharynx || lower) draw(s, r, c, -1000);
            }
    const auto inside = mask_where(hounsfield, [](std::int16_t v) { return v < -500; });
    component lungs;
    lungs.first = {0, 4, 9};
    lungs.last = {73, 60, 118};
    const auto found = find_central_airways(hounsfield, inside, lungs, spacing);
    REQUIRE(found);
    CHECK(std::abs(3.0 * static_cast<double>(found->carina[0]) - 158) < 8);
    CHECK((airways - found->lumen).count() < 0.03 * static_cast<double>(airways.count()));
    for (std::size_t s = 92; s < 110; ++s) CHECK_FALSE(found->lumen.test(s, 32, 64));
}
