#include <groundglass/volume/lesion_ct.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;

TEST_CASE("lesions and probabilities must lie in the CT's grid") {
    const ct_volume ct(make_array<std::int16_t>({2, 3, 4}), {.shape = {2, 3, 4}});
    const lung_ct lungs(ct, make_array<std::uint8_t>({2, 3, 4}, 1));
    CHECK_NOTHROW(lesion_ct(lungs, make_array<std::uint8_t>({2, 3, 4}, 2)));
    CHECK_THROWS_AS(lesion_ct(lungs, make_array<std::uint8_t>({1, 3, 4})), std::invalid_argument);
    CHECK_THROWS_AS(lesion_ct(lungs, make_array<std::uint8_t>({2, 3, 4}, 3)), std::invalid_argument);
    CHECK_THROWS_AS(lesion_ct(lungs, make_array<std::uint8_t>({2, 3, 4}), {},
                              shared(make_array<std::uint8_t>({2, 3, 3}))),
                    std::invalid_argument);
}
