#include <groundglass/lungs/lung_plausibility.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

namespace {

struct box {
    shape3 first;
    shape3 last;
};

constexpr box left{{4, 4, 24}, {15, 15, 35}};
constexpr box right{{4, 4, 4}, {15, 15, 15}};

/// Codes for a CT of 20 x 20 x 40 voxels of 1 ml with a lung in each box: 1728 ml each where they are whole.
std::vector<std::string> codes(box l, box r, std::size_t slices = 20) {
    geometry grid;
    grid.shape = {slices, 20, 40};
    grid.spacing_mm = {10, 10, 10};
    const ct_volume ct(make_array<std::int16_t>(grid.shape, -800), grid);
    auto lungs = make_array<std::uint8_t>(grid.shape);
    const auto draw = [&](const box& b, std::uint8_t label) {
        for (std::size_t s = b.first[0]; s <= b.last[0]; ++s)
            for (std::size_t row = b.first[1]; row <= b.last[1]; ++row)
                for (std::size_t c = b.first[2]; c <= b.last[2]; ++c) lungs(s, row, c) = label;
    };
    draw(l, 1);
    draw(r, 2);
    std::vector<std::string> found;
    for (const auto& n : assess_lungs(ct, lungs)) {
        CHECK(n.level == note_level::warning);
        CHECK(n.text.back() == (n.code == "no_lungs_found" ? '?' : '.'));
        found.push_back(n.code);
    }
    return found;
}

using list = std::vector<std::string>;
constexpr box nothing{{1, 0, 0}, {0, 0, 0}};

} // namespace

TEST_CASE("assess_lungs: nothing to say of two whole lungs") { CHECK(codes(left, right).empty()); }

TEST_CASE("assess_lungs: each fault has its code") {
    CHECK(codes(nothing, nothing) == list{"no_lungs_found"});
    CHECK(codes(left, nothing) == list{"one_lung_missing"});
    CHECK(codes(left, {{4, 4, 4}, {15, 15, 7}}) == list{"lungs_asymmetric"});
    CHECK(codes(left, {{4, 4, 0}, {15, 15, 11}}) == list{"lungs_touch_border"});
    CHECK(codes(left, {{0, 4, 4}, {11, 15, 15}}) == list{"lungs_cut_at_base"});
    CHECK(codes({{8, 4, 24}, {19, 15, 35}}, right) == list{"lungs_cut_at_apex"});
    CHECK(codes({{4, 4, 24}, {7, 12, 35}}, {{4, 4, 4}, {7, 12, 15}}) == list{"lung_volume_implausible"});
    CHECK(codes({{1, 1, 20}, {18, 18, 38}}, {{1, 1, 1}, {18, 18, 19}}) == list{"lung_volume_implausible"});
    CHECK(codes({{1, 1, 24}, {7, 18, 35}}, {{1, 1, 4}, {7, 18, 15}}, 9) == list{"few_slices"});
}

TEST_CASE("assess_lungs: a small volume is explained by a cut") {
    CHECK(codes({{0, 4, 24}, {2, 15, 35}}, {{0, 4, 4}, {2, 15, 15}}) == list{"lungs_cut_at_base"});
}

TEST_CASE("assess_lungs: another shape or value is refused") {
    geometry grid;
    grid.shape = {2, 3, 4};
    const ct_volume ct(make_array<std::int16_t>(grid.shape), grid);
    CHECK_THROWS_AS((void)assess_lungs(ct, make_array<std::uint8_t>({2, 3, 5})), std::invalid_argument);
    CHECK_THROWS_AS((void)assess_lungs(ct, make_array<std::uint8_t>({2, 3, 4}, 3)), std::invalid_argument);
}
