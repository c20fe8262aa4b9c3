#include <groundglass/volume/bit_mask.hpp>

#include <doctest/doctest.h>

#include <random>

using namespace groundglass;
using namespace groundglass::volume;

namespace {

array3<std::uint8_t> random_volume(const shape3& shape, double share, unsigned seed) {
    std::mt19937 random(seed);
    auto volume = make_array<std::uint8_t>(shape);
    for (auto& value : flat(volume)) value = std::generate_canonical<double, 32>(random) < share ? 1 : 0;
    return volume;
}

bit_mask mask_of(const array3<std::uint8_t>& volume) {
    return mask_where(volume, [](std::uint8_t v) { return v != 0; });
}

array3<std::uint8_t> volume_of(const bit_mask& mask) {
    auto volume = make_array<std::uint8_t>(mask.shape());
    paint<std::uint8_t>(volume, mask, 1);
    return volume;
}

} // namespace

TEST_CASE("bit_mask: a volume survives the way there and back at every row length") {
    for (const std::size_t columns : {1U, 5U, 63U, 64U, 65U, 127U, 128U, 130U})
        for (const double share : {0.0, 0.1, 0.5, 0.95, 1.0}) {
            const auto volume = random_volume({2, 3, columns}, share, static_cast<unsigned>(columns));
            const auto mask = mask_of(volume);
            CHECK(volume_of(mask) == volume);
            std::size_t n = 0;
            for (const auto v : flat(volume)) n += v;
            CHECK(mask.count() == n);
            CHECK(mask.empty() == (n == 0));
            CHECK((~mask).count() == flat(volume).size() - n);
            CHECK(~~mask == mask);
        }
}

TEST_CASE("bit_mask: runs are whole and in order") {
    const auto volume = random_volume({1, 40, 200}, 0.6, 3);
    const auto mask = mask_of(volume);
    for_each_run(mask, [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end) {
        REQUIRE(begin < end);
        for (std::size_t c = begin; c < end; ++c) REQUIRE(volume(slice, row, c) == 1);
        if (begin > 0) CHECK(volume(slice, row, begin - 1) == 0);
        if (end < 200) CHECK(volume(slice, row, end) == 0);
    });
}

TEST_CASE("bit_mask: setting a range of columns sets these and no others") {
    for (std::size_t begin = 0; begin < 140; begin += 7)
        for (std::size_t end = begin; end <= 140; end += 9) {
            bit_mask mask({1, 1, 140});
            mask.set(0, 0, begin, end);
            CHECK(mask.count() == end - begin);
            for (std::size_t c = begin; c < end; ++c) CHECK(mask.test(0, 0, c));
            CHECK(count_in(mask.row(0, 0), 0, 140) == end - begin);
            CHECK(count_in(mask.row(0, 0), 30, 100) ==
                  std::max(std::min<std::size_t>(end, 100), std::size_t{30}) -
                      std::min(std::max<std::size_t>(begin, 30),
                               std::max(std::min<std::size_t>(end, 100), std::size_t{30})));
        }
}

TEST_CASE("bit_mask: set operations") {
    const auto a = mask_of(random_volume({3, 4, 70}, 0.5, 1));
    const auto b = mask_of(random_volume({3, 4, 70}, 0.5, 2));
    CHECK((a | b).count() == a.count() + b.count() - (a & b).count());
    CHECK((a - b).count() == a.count() - (a & b).count());
    CHECK(((a - b) & b).empty());
    CHECK(~(a | b) == (~a & ~b));
    CHECK_THROWS_AS(a | bit_mask({3, 4, 71}), std::invalid_argument);
}

TEST_CASE("bit_mask: a crop painted back gives the part") {
    const auto volume = random_volume({4, 5, 150}, 0.5, 5);
    const shape3 first{1, 2, 64};
    const shape3 shape{2, 3, 80};
    const auto part = crop(mask_of(volume), first, shape);
    CHECK(part == mask_of(crop(volume, first, shape)));
    auto painted = make_array<std::uint8_t>({4, 5, 150});
    paint<std::uint8_t>(painted, part, 1, first);
    for (std::size_t s = 0; s < 4; ++s)
        for (std::size_t r = 0; r < 5; ++r)
            for (std::size_t c = 0; c < 150; ++c) {
                const bool in = s >= 1 && s < 3 && r >= 2 && c >= 64 && c < 144;
                CHECK(painted(s, r, c) == (in ? volume(s, r, c) : 0));
            }
    CHECK_THROWS_AS(crop(part, {0, 0, 1}, {1, 1, 1}), std::invalid_argument);
    CHECK_THROWS_AS(paint<std::uint8_t>(painted, part, 1, {3, 0, 0}), std::invalid_argument);
}
