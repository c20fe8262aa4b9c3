#include <groundglass/volume/lung_ct.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;

TEST_CASE("a mask of another shape or with other labels is refused") {
    const ct_volume ct(make_array<std::int16_t>({2, 3, 4}), {.shape = {2, 3, 4}});
    CHECK_NOTHROW(lung_ct(ct, make_array<std::uint8_t>({2, 3, 4}, 2)));
    CHECK_THROWS_AS(lung_ct(ct, make_array<std::uint8_t>({2, 3, 5})), std::invalid_argument);
    CHECK_THROWS_WITH_AS(lung_ct(ct, make_array<std::uint8_t>({2, 3, 4}, 3)), doctest::Contains("value 3"),
                         std::invalid_argument);
}
