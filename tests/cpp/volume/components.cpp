#include <groundglass/volume/components.hpp>

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

/// Labels by flooding voxel after voxel.
array3<std::uint32_t> flooded(const bit_mask& mask, connectivity neighbours) {
    const auto& shape = mask.shape();
    auto labels = make_array<std::uint32_t>(shape);
    const bool flat_only =
        neighbours == connectivity::faces_in_slice || neighbours == connectivity::all_in_slice;
    const bool faces = neighbours == connectivity::faces || neighbours == connectivity::faces_in_slice;
    std::uint32_t next = 0;
    std::vector<std::array<int, 3>> stack;
    const auto offer = [&](int s, int r, int c) {
        if (s < 0 || r < 0 || c < 0) return;
        const shape3 at{static_cast<std::size_t>(s), static_cast<std::size_t>(r),
                        static_cast<std::size_t>(c)};
        if (at[0] >= shape[0] || at[1] >= shape[1] || at[2] >= shape[2]) return;
        if (!mask.test(at[0], at[1], at[2]) || labels(at[0], at[1], at[2]) != 0) return;
        labels(at[0], at[1], at[2]) = next;
        stack.push_back({s, r, c});
    };
    for (int s = 0; s < static_cast<int>(shape[0]); ++s)
        for (int r = 0; r < static_cast<int>(shape[1]); ++r)
            for (int c = 0; c < static_cast<int>(shape[2]); ++c) {
                const auto at = [](int i) { return static_cast<std::size_t>(i); };
                if (!mask.test(at(s), at(r), at(c)) || labels(at(s), at(r), at(c)) != 0) continue;
                ++next;
                offer(s, r, c);
                while (!stack.empty()) {
                    const auto [a, b, d] = stack.back();
                    stack.pop_back();
                    for (int i = -1; i <= 1; ++i)
                        for (int j = -1; j <= 1; ++j)
                            for (int k = -1; k <= 1; ++k) {
                                if (flat_only && i != 0) continue;
                                if (faces && std::abs(i) + std::abs(j) + std::abs(k) != 1) continue;
                                offer(a + i, b + j, d + k);
                            }
                }
            }
    return labels;
}

} // namespace

TEST_CASE("components: the same labels as flooding, for all neighbourhoods") {
    for (const auto kind :
         {connectivity::faces, connectivity::all, connectivity::faces_in_slice, connectivity::all_in_slice})
        for (const double share : {0.02, 0.2, 0.35, 0.6})
            for (const std::size_t columns : {9U, 64U, 75U}) {
                const auto mask =
                    random_mask({6, 11, columns}, share, static_cast<unsigned>(100 * share) + 7);
                const components found(mask, kind);
                const auto expected = flooded(mask, kind);
                REQUIRE(found.labels() == expected);
                std::vector<component> list(found.size());
                for (std::size_t s = 0; s < 6; ++s)
                    for (std::size_t r = 0; r < 11; ++r)
                        for (std::size_t c = 0; c < columns; ++c) {
                            if (expected(s, r, c) == 0) continue;
                            auto& one = list[expected(s, r, c) - 1];
                            ++one.voxels;
                            const shape3 at{s, r, c};
                            for (std::size_t axis = 0; axis < 3; ++axis) {
                                one.first[axis] = std::min(one.first[axis], at[axis]);
                                one.last[axis] = std::max(one.last[axis], at[axis]);
                            }
                        }
                CHECK(std::equal(found.begin(), found.end(), list.begin(), list.end()));
            }
}

TEST_CASE("components: selection and order by size") {
    bit_mask mask({3, 3, 100});
    mask.set(0, 0, 0, 5);
    mask.set(0, 2, 10, 90);
    mask.set(2, 1, 50, 55);
    const components found(mask, connectivity::faces);
    REQUIRE(found.size() == 3);
    CHECK(found.by_size() == std::vector<std::size_t>{1, 0, 2});
    CHECK(found.select(1).count() == 80);
    CHECK(found.select([](std::size_t i) { return i != 1; }).count() == 10);
    CHECK(largest_components(mask, 2).count() == 85);
    CHECK(largest_components(mask, 0).empty());
    CHECK(largest_components(mask, 9) == mask);
    const auto box = bounding_box(mask);
    CHECK(box == component{90, {0, 0, 0}, {2, 2, 89}});
    CHECK(components(bit_mask({2, 2, 2}), connectivity::all).empty());
}

TEST_CASE("reconstruct: the components a seed lies in") {
    const auto mask = random_mask({5, 9, 130}, 0.25, 4);
    const auto seeds = random_mask({5, 9, 130}, 0.01, 5);
    const components found(mask, connectivity::faces);
    const auto labels = found.labels();
    std::vector<char> hit(found.size() + 1);
    for (std::size_t s = 0; s < 5; ++s)
        for (std::size_t r = 0; r < 9; ++r)
            for (std::size_t c = 0; c < 130; ++c)
                if (seeds.test(s, r, c)) hit[labels(s, r, c)] = 1;
    CHECK(reconstruct(seeds, mask) == found.select([&](std::size_t i) { return hit[i + 1] != 0; }));
}

TEST_CASE("fill_holes: what the border does not reach over faces") {
    for (const bool in_slice : {false, true}) {
        const auto mask = random_mask({6, 12, 40}, 0.62, 8);
        const auto kind = in_slice ? connectivity::faces_in_slice : connectivity::faces;
        const auto gaps = flooded(~mask, kind);
        std::vector<char> open(flat(gaps).size() + 1);
        for (std::size_t s = 0; s < 6; ++s)
            for (std::size_t r = 0; r < 12; ++r)
                for (std::size_t c = 0; c < 40; ++c) {
                    const bool border = r == 0 || c == 0 || r == 11 || c == 39;
                    if (border || (!in_slice && (s == 0 || s == 5))) open[gaps(s, r, c)] = 1;
                }
        const auto filled = fill_holes(mask, in_slice);
        CHECK(filled.count() > mask.count());
        for (std::size_t s = 0; s < 6; ++s)
            for (std::size_t r = 0; r < 12; ++r)
                for (std::size_t c = 0; c < 40; ++c)
                    REQUIRE(filled.test(s, r, c) == (gaps(s, r, c) == 0 || open[gaps(s, r, c)] == 0));
    }
    bit_mask ring({1, 5, 5});
    for (const std::size_t r : {1U, 3U}) ring.set(0, r, 1, 4);
    ring.set(0, 2, 1);
    ring.set(0, 2, 3);
    CHECK(fill_holes(ring, true).count() == 9);
    CHECK(fill_holes(ring, true, 0) == ring);
    CHECK(fill_holes(ring) == ring); // the first slice is the border of the grid
}

TEST_CASE("with_margin: a box stays within the grid") {
    component box;
    box.first = {3, 2, 130};
    box.last = {4, 2, 140};
    const shape3 grid{10, 4, 200};
    CHECK(with_margin(box, {1, 1, 3}, grid) == std::array<shape3, 2>{{{2, 1, 64}, {4, 3, 80}}});
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    CHECK(with_margin(box, {most, most, most}, grid) == std::array<shape3, 2>{{{0, 0, 0}, grid}});
}
