#include <groundglass/lungs/label_places.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::lungs;

TEST_CASE("label_places: size and centre of every value") {
    auto map = make_array<std::uint16_t>({2, 3, 4});
    map(0, 0, 0) = map(1, 2, 3) = 7;
    map(0, 1, 1) = map(0, 1, 2) = 40000;
    const auto found = label_places(map);
    REQUIRE(found.size() == 2);
    CHECK(found[0] == label_place{7, 2, {0.5, 1, 1.5}});
    CHECK(found[1] == label_place{40000, 2, {0, 1, 1.5}});
    CHECK(label_places(make_array<std::uint8_t>({2, 3, 4})).empty());
}
