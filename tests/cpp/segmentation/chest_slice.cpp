#include <groundglass/segmentation/chest_slice.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

using namespace groundglass::segmentation;

namespace {

constexpr image_size size{150, 190};

template <class Value>
double probability_of(Value value) {
    std::vector<std::uint8_t> grey(size.area());
    for (std::size_t y = 0; y < size.rows; ++y)
        for (std::size_t x = 0; x < size.columns; ++x)
            grey[y * size.columns + x] = static_cast<std::uint8_t>(value(y, x));
    return chest_slice_probability(grey, size);
}

} // namespace

TEST_CASE("chest_slice_probability: noise, ramps, boards and one tone are no slice") {
    std::mt19937 random(1);
    CHECK(probability_of([&](std::size_t, std::size_t) { return random() % 256; }) <
          least_chest_slice_probability);
    CHECK(probability_of([](std::size_t, std::size_t x) { return x; }) < least_chest_slice_probability);
    CHECK(probability_of([](std::size_t y, std::size_t x) { return (y / 20 + x / 20) % 2 * 255; }) <
          least_chest_slice_probability);
    CHECK(probability_of([](std::size_t, std::size_t) { return 0; }) < least_chest_slice_probability);
    CHECK(probability_of([](std::size_t, std::size_t) { return 255; }) < least_chest_slice_probability);
}

TEST_CASE("chest_slice_probability: pictures of any size, values of no other") {
    for (const image_size edge : {image_size{1, 1}, image_size{32, 2000}, image_size{64, 64}}) {
        const std::vector<std::uint8_t> grey(edge.area(), 100);
        const double found = chest_slice_probability(grey, edge);
        CHECK(found >= 0);
        CHECK(found <= 1);
    }
    const std::vector<std::uint8_t> grey(10);
    CHECK_THROWS_AS(static_cast<void>(chest_slice_probability(grey, {3, 3})), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(chest_slice_probability({}, {0, 0})), std::invalid_argument);
}
