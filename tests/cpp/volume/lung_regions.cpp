#include <groundglass/volume/lung_regions.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;

namespace {

std::vector<lung_zone> zones_of(std::vector<int> slices_with_lung) {
    auto lungs = make_array<std::uint8_t>({slices_with_lung.size(), 2, 3});
    for (std::size_t i = 0; i < slices_with_lung.size(); ++i)
        lungs(i, 1, 2) = static_cast<std::uint8_t>(slices_with_lung[i]);
    return zones_by_height(lungs);
}

constexpr auto none = lung_zone::none;
constexpr auto lower = lung_zone::lower;
constexpr auto middle = lung_zone::middle;
constexpr auto upper = lung_zone::upper;

} // namespace

TEST_CASE("zones_by_height: thirds from feet to head, both lungs together, gaps included") {
    CHECK(zones_of({0, 1, 1, 2, 0, 2, 2, 0}) ==
          std::vector{none, lower, lower, middle, middle, upper, upper, none});
}

TEST_CASE("zones_by_height: a slice belongs where its middle lies") {
    CHECK(zones_of({1}) == std::vector{middle});
    CHECK(zones_of({1, 2}) == std::vector{lower, upper});
    CHECK(zones_of({1, 1, 1, 1}) == std::vector{lower, middle, middle, upper});
    CHECK(zones_of({1, 1, 1, 1, 1}) == std::vector{lower, lower, middle, upper, upper});
}

TEST_CASE("zones_by_height: none in an empty mask") { CHECK(zones_of({0, 0}) == std::vector{none, none}); }
