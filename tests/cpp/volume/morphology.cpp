#include <groundglass/volume/morphology.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <random>

using namespace groundglass;
using namespace groundglass::volume;

namespace {

bit_mask random_mask(const shape3& shape, double share, unsigned seed) {
    std::mt19937 random(seed);
    auto volume = make_array<std::uint8_t>(shape);
    for (auto& value : flat(volume)) value = std::generate_canonical<double, 32>(random) < share ? 1 : 0;
    return mask_where(volume, [](std::uint8_t v) { return v != 0; });
}

/// Voxels within the radius of a set one, one pair after the other.
bit_mask dilated(const bit_mask& mask, double radius, const vector3& spacing) {
    const auto& shape = mask.shape();
    bit_mask result(shape);
    std::vector<shape3> set;
    for_each_run(mask, [&](std::size_t s, std::size_t r, std::size_t begin, std::size_t end) {
        for (std::size_t c = begin; c < end; ++c) set.push_back({s, r, c});
    });
    for (std::size_t s = 0; s < shape[0]; ++s)
        for (std::size_t r = 0; r < shape[1]; ++r)
            for (std::size_t c = 0; c < shape[2]; ++c)
                for (const auto& at : set) {
                    const shape3 here{s, r, c};
                    double square = 0;
                    for (std::size_t axis = 0; axis < 3; ++axis) {
                        const double d =
                            (static_cast<double>(here[axis]) - static_cast<double>(at[axis])) * spacing[axis];
                        square += d * d;
                    }
                    if (square <= radius * radius * (1 + 1e-9)) {
                        result.set(s, r, c);
                        break;
                    }
                }
    return result;
}

} // namespace

TEST_CASE("ball: holds what lies within the radius") {
    const ball unit(1, {1, 1, 1});
    std::size_t voxels = 0;
    const shape3 grid{9, 9, 9};
    for (const auto& row : unit.rows(grid)) voxels += 2 * row.half_width + 1;
    CHECK(voxels == 7);
    CHECK(ball(0, {1, 1, 1}).rows(grid).size() == 1);
    CHECK(ball(3, {2, 0.5, 3}).reach(grid) == shape3{1, 6, 1});
    CHECK(ball::disc(3, {2, 0.5, 3}).reach(grid) == shape3{0, 6, 1});
    CHECK_THROWS_AS(ball(-1, {1, 1, 1}), std::invalid_argument);
    CHECK_THROWS_AS(ball(1, {1, 0, 1}), std::invalid_argument);
}

TEST_CASE("ball: is no larger than the grid, whatever the spacing") {
    const shape3 grid{3, 5, 7};
    for (const double tiny : {1e-4, 1e-300, std::numeric_limits<double>::denorm_min()}) {
        const ball element(8, {tiny, tiny, tiny});
        CHECK(element.reach(grid) == grid);
        CHECK(element.rows(grid).size() == 5 * 9);
        CHECK(element.rows({1, 1, 1}).size() == 1);
        CHECK(element.rows({0, 0, 0}).size() == 1);
    }
    for (const double large : {1e4, 1e300, std::numeric_limits<double>::max()})
        CHECK(ball(8, {large, large, large}).reach(grid) == shape3{});
    CHECK(ball(1e300, {1e300, 1e-300, 5e299}).reach(grid) == shape3{1, 5, 2});
}

TEST_CASE("dilate: by rows and by distance is the same") {
    std::mt19937 random(3);
    const auto uniform = [&](double low, double high) {
        return low + (high - low) * std::generate_canonical<double, 32>(random);
    };
    for (int i = 0; i < 60; ++i) {
        const shape3 shape{1 + random() % 9, 1 + random() % 20, 1 + random() % 140};
        // Steps of a quarter put many voxels exactly on the surface.
        const auto step = [&] {
            return i % 2 == 0 ? 0.25 * static_cast<double>(1 + random() % 8) : uniform(0.2, 3);
        };
        const vector3 spacing{step(), step(), step()};
        const ball element(i % 2 == 0 ? 0.25 * static_cast<double>(random() % 30) : uniform(0, 8), spacing);
        const auto mask = random_mask(shape, uniform(0, 0.03), 100 + static_cast<unsigned>(i));
        CHECK(volume::detail::dilate_by_distance(mask, element) ==
              volume::detail::dilate_by_rows(mask, element.rows(shape)));
    }
}

TEST_CASE("dilate, erode, open and close end on any spacing") {
    const auto sparse = random_mask({20, 201, 5}, 1e-3, 13);
    REQUIRE_FALSE(sparse.empty());
    const bit_mask none(sparse.shape());
    for (const double tiny : {1e-4, std::numeric_limits<double>::denorm_min()}) {
        const ball element(8, {tiny, tiny, tiny});
        CHECK(dilate(sparse, element) == ~none);
        CHECK(erode(~sparse, element) == none);
        CHECK(open(~sparse, element) == none);
        CHECK(dilate(none, element) == none);
    }
    const auto part = random_mask({2, 5, 70}, 0.02, 14);
    CHECK((part - close(part, ball(8, {1e-4, 1e-300, 1}))).empty());
    for (const double large : {1e4, 1e300}) {
        const ball element(8, {large, large, large});
        CHECK(dilate(sparse, element) == sparse);
        CHECK(close(sparse, element) == sparse);
    }
    // Along one axis alone: whole rows, columns or stacks.
    const ball rows(8, {1e300, 1e300, 1e-300}), stacks(8, {1e-300, 1e300, 1e300});
    bit_mask point({3, 4, 70});
    point.set(1, 2, 65);
    bit_mask row(point.shape()), stack(point.shape());
    row.set(1, 2, 0, 70);
    for (std::size_t slice = 0; slice < 3; ++slice) stack.set(slice, 2, 65);
    CHECK(dilate(point, rows) == row);
    CHECK(dilate(point, stacks) == stack);
    CHECK(volume::detail::dilate_by_distance(point, rows) == row);
    CHECK(volume::detail::dilate_by_distance(point, stacks) == stack);
    for (const shape3& shape : {shape3{0, 3, 3}, shape3{3, 0, 3}, shape3{300, 300, 0}, shape3{1, 1, 1}}) {
        const bit_mask empty(shape);
        for (const double spacing : {1e-300, 1.0, 1e300})
            CHECK(close(dilate(empty, ball(8, {spacing, spacing, spacing})),
                        ball(8, {spacing, spacing, spacing})) == empty);
    }
}

TEST_CASE("dilate, erode, open: as by the definition, on any spacing") {
    const shape3 shape{5, 12, 75};
    const vector3 spacings[] = {{1, 1, 1}, {2, 0.7, 0.9}, {0.6, 1.5, 1.1}};
    for (const auto& spacing : spacings)
        for (const double radius : {0.0, 1.0, 2.3, 3.0}) {
            const ball element(radius, spacing);
            const auto sparse = random_mask(shape, 0.01, 11);
            const auto wide = dilated(sparse, radius, spacing);
            CHECK(dilate(sparse, element) == wide);
            CHECK(erode(~sparse, element) == ~wide);
            CHECK(open(~sparse, element) == dilated(~wide, radius, spacing));
        }
}

TEST_CASE("close: as in an endless empty grid") {
    const vector3 spacing{1.5, 1, 0.8};
    for (const double radius : {1.6, 3.0}) {
        const auto mask = random_mask({4, 9, 30}, 0.1, 5);
        bit_mask wide({12, 17, 46});
        for_each_run(mask, [&](std::size_t s, std::size_t r, std::size_t begin, std::size_t end) {
            wide.set(s + 4, r + 4, begin + 8, end + 8);
        });
        const auto expected = ~dilated(~dilated(wide, radius, spacing), radius, spacing);
        const auto found = close(mask, ball(radius, spacing));
        for (std::size_t s = 0; s < 4; ++s)
            for (std::size_t r = 0; r < 9; ++r)
                for (std::size_t c = 0; c < 30; ++c)
                    REQUIRE(found.test(s, r, c) == expected.test(s + 4, r + 4, c + 8));
        CHECK((mask - found).empty());
    }
}

TEST_CASE("close with the end slices going on: as the middle of a long stack") {
    const vector3 spacing{1, 1, 0.8};
    const ball element(3, spacing);
    const auto flat = random_mask({1, 30, 40}, 0.08, 7);
    const auto stacked = [&](std::size_t slices) {
        bit_mask result({slices, 30, 40});
        for_each_run(flat, [&](std::size_t, std::size_t r, std::size_t begin, std::size_t end) {
            for (std::size_t s = 0; s < slices; ++s) result.set(s, r, begin, end);
        });
        return result;
    };
    const auto expected = close(stacked(21), element);
    const auto found = close(stacked(2), element, beyond_ends::as_end_slice);
    CHECK(!(found - close(stacked(2), element)).empty());
    for (std::size_t s = 0; s < 2; ++s)
        for (std::size_t r = 0; r < 30; ++r)
            for (std::size_t c = 0; c < 40; ++c) REQUIRE(found.test(s, r, c) == expected.test(10, r, c));
}
