#include "../small_chest.hpp"
#include <groundglass/lungs/detail/bowel_gas.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;

namespace {

/// Lung over a dome of 3 mm and gas of a bowel right below it, or a bulla within the lung; soft tissue
/// around.
struct dome {
    vector3 spacing{3, 2, 2};
    array3<std::int16_t> hounsfield = make_array<std::int16_t>({40, 64, 128}, 40);
    bit_mask lung{{40, 64, 128}};
    bit_mask gas{{40, 64, 128}};

    dome(bool bulla, int wall_hu, int gas_hu = -990) {
        for (std::size_t s = 4; s < 36; ++s)
            for (std::size_t r = 8; r < 56; ++r)
                for (std::size_t c = 8; c < 120; ++c) {
                    const double y = 2.0 * (static_cast<double>(r) - 32);
                    const double x = 2.0 * (static_cast<double>(c) - 64);
                    const double from = bulla ? 18 : 12;
                    const double height = (static_cast<double>(s) - from) * 3;
                    const double off = std::sqrt(y * y + x * x + height * height);
                    const bool in_gas = off < 24;
                    const bool in_wall = !in_gas && off < (bulla ? 25.0 : 27.5);
                    const bool in_lung = !in_gas && !in_wall && (bulla || height > 0);
                    hounsfield(s, r, c) = static_cast<std::int16_t>(in_gas                  ? gas_hu
                                                                    : in_wall && height > 0 ? wall_hu
                                                                    : in_lung               ? -860
                                                                                            : 40);
                    if (in_gas) gas.set(s, r, c);
                    if (in_lung) lung.set(s, r, c);
                }
    }

    [[nodiscard]] bit_mask bowel() const {
        const auto inside = mask_where(hounsfield, [](std::int16_t v) { return v < air_below_hu; });
        return lungs::detail::bowel_gas(hounsfield, inside, 30, spacing, gas_below_hu, air_below_hu);
    }
};

} // namespace

TEST_CASE("bowel_gas: the stomach's gas and no lung") {
    const small_chest chest;
    const auto [ct, truth] = chest.make();
    const auto inside = mask_where(ct.hounsfield(), [](std::int16_t v) { return v < air_below_hu; }) &
                        mask_where(truth, [](std::uint8_t label) { return label != 0 && label < 5; });
    const auto found =
        lungs::detail::bowel_gas(ct.hounsfield(), inside, 35, chest.spacing, gas_below_hu, air_below_hu);
    const auto gas = label_of(truth, 4);
    CHECK((gas - found).count() < 0.02 * static_cast<double>(gas.count()));
    CHECK((found & (label_of(truth, 1) | label_of(truth, 2))).count() <
          0.01 * static_cast<double>(gas.count()));
}

TEST_CASE("bowel_gas: gas right below the dome goes, the lung over it stays") {
    for (const int wall : {0, -550, -800}) { // a wall that is seen, and one that partial volume thins
        const dome made(false, wall);
        const auto found = made.bowel();
        CHECK((made.gas - found).count() < 0.01 * static_cast<double>(made.gas.count()));
        CHECK((found & made.lung).count() < 0.02 * static_cast<double>(made.gas.count()));
    }
}

TEST_CASE("bowel_gas: a bulla in the lung stays") { CHECK(dome(true, -850).bowel().empty()); }

TEST_CASE("anywhere_below: lung in a lower slice of the same column") {
    bit_mask lung({4, 2, 70});
    lung.set(1, 1, 66);
    const auto below = lungs::detail::anywhere_below(lung);
    CHECK_FALSE(below.test(1, 1, 66));
    CHECK(below.test(2, 1, 66));
    CHECK(below.test(3, 1, 66));
    CHECK(below.count() == 2);
}
