#include "small_chest.hpp"
#include <groundglass/lungs/lung_mask.hpp>

#include <doctest/doctest.h>

#include <random>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

namespace {

double dice(const array3<std::uint8_t>& found, const array3<std::uint8_t>& truth, std::uint8_t label) {
    double both = 0;
    double sum = 0;
    for (std::size_t i = 0; i < flat(found).size(); ++i) {
        const bool a = flat(found)[i] == label;
        const bool b = flat(truth)[i] == label;
        both += a && b ? 2 : 0;
        sum += (a ? 1 : 0) + (b ? 1 : 0);
    }
    return both / sum;
}

/// Share of the truth's label that the mask holds.
double share_in(const array3<std::uint8_t>& found, const array3<std::uint8_t>& truth, std::uint8_t label) {
    double in = 0;
    double all = 0;
    for (std::size_t i = 0; i < flat(found).size(); ++i) {
        if (flat(truth)[i] != label) continue;
        ++all;
        in += flat(found)[i] != 0 ? 1 : 0;
    }
    REQUIRE(all > 0);
    return in / all;
}

bool has(const notes& found, const std::string& code) {
    return std::any_of(found.begin(), found.end(), [&](const note& n) { return n.code == code; });
}

} // namespace

TEST_CASE("lung_mask: finds left and right and leaves airways, bowel gas and table out") {
    for (const bool prone : {false, true}) {
        small_chest chest;
        chest.prone = prone;
        const auto [ct, truth] = chest.make();
        const auto found = ct | lung_mask{};
        CHECK(dice(found.lungs(), truth, 1) > 0.97);
        CHECK(dice(found.lungs(), truth, 2) > 0.97);
        CHECK(share_in(found.lungs(), truth, 3) < 0.1);
        CHECK(share_in(found.lungs(), truth, 4) < 0.02);
        CHECK(share_in(found.lungs(), truth, 5) == 0);
        CHECK(found.remarks().empty());
    }
}

TEST_CASE("lung_mask: thick slices and coarse grids") {
    small_chest chest;
    chest.spacing = {8, 2.5, 2.5};
    chest.shape = {35, 128, 144};
    CHECK(dice((chest.make().ct | lung_mask{}).lungs(), chest.make().truth, 1) > 0.96);
    chest.spacing = {5, 5, 5};
    chest.shape = {56, 64, 72};
    const auto [ct, truth] = chest.make();
    const auto found = ct | lung_mask{};
    CHECK(dice(found.lungs(), truth, 1) > 0.94);
    CHECK(dice(found.lungs(), truth, 2) > 0.94);
}

TEST_CASE("lung_mask: lungs that touch are parted") {
    small_chest chest;
    chest.lungs_apart_mm = -4;
    const auto [ct, truth] = chest.make();
    const auto found = ct | lung_mask{};
    CHECK(has(found.remarks(), "lungs_separated"));
    CHECK(dice(found.lungs(), truth, 1) > 0.96);
    CHECK(dice(found.lungs(), truth, 2) > 0.96);
}

TEST_CASE("lung_mask: consolidation at the chest wall belongs to the lung") {
    small_chest chest;
    chest.consolidated = [](double z, double y, double x) {
        return std::hypot(z - 10, y - 78, x + 78) < 22 || std::hypot(z - 30, y - 20, x - 130) < 18;
    };
    const auto [ct, truth] = chest.make();
    const auto count = [&](const array3<std::uint8_t>& lungs) {
        double n = 0;
        for (std::size_t i = 0; i < flat(lungs).size(); ++i)
            n += flat(truth)[i] != 0 && flat(truth)[i] < 3 && flat(ct.hounsfield())[i] > -100 &&
                 flat(lungs)[i] != 0;
        return n;
    };
    const double all = count(truth);
    REQUIRE(all > 500);
    CHECK(count((ct | lung_mask{}).lungs()) > 0.8 * all);
    CHECK(count((ct | lung_mask({.closing_mm = 0, .bridge_mm = 0})).lungs()) < 0.7 * all);
}

TEST_CASE("lung_mask: no lungs is an empty mask with a warning") {
    geometry grid;
    grid.shape = {20, 30, 40};
    for (const std::int16_t value : {std::int16_t{40}, std::int16_t{-1000}, std::int16_t{-850}}) {
        const ct_volume ct(make_array<std::int16_t>(grid.shape, value), grid);
        const auto found = lung_mask{}(ct);
        for (const auto label : flat(found.lungs())) REQUIRE(label == 0);
        CHECK(has(found.remarks(), "no_lungs_found"));
    }
}

TEST_CASE("lung_mask: one slice is no error") {
    small_chest chest;
    auto [ct, truth] = chest.make();
    geometry grid = ct.grid();
    grid.shape[0] = 1;
    const auto found = lung_mask{}(ct_volume(crop(ct.hounsfield(), {40, 0, 0}, grid.shape), grid));
    CHECK(has(found.remarks(), "few_slices"));
    CHECK(has(found.remarks(), "lungs_cut_at_base"));
}

TEST_CASE("lung_mask: options are checked and compared") {
    CHECK(lung_mask{} == lung_mask(lung_mask_options{}));
    CHECK_FALSE(lung_mask{} == lung_mask({.closing_mm = 5}));
    CHECK_THROWS_AS(lung_mask({.air_below_hu = 100}), std::invalid_argument);
    CHECK_THROWS_AS(lung_mask({.gas_below_hu = -300}), std::invalid_argument);
    CHECK_THROWS_AS(lung_mask({.closing_mm = -1}), std::invalid_argument);
    CHECK_THROWS_WITH_AS(lung_mask({.bridge_mm = std::nan("")}),
                         "lung_mask: bridge_mm must be from 0.000000 to 100.000000, found nan",
                         std::invalid_argument);
}

TEST_CASE("lung_mask: ends on any spacing and any shape") {
    std::mt19937 random(4);
    const auto noise = [&](const shape3& shape) {
        auto result = make_array<std::int16_t>(shape);
        for (auto& value : flat(result))
            value = static_cast<std::int16_t>(-1024 + static_cast<int>(random() % 1200));
        return result;
    };
    small_chest chest;
    chest.shape = {35, 64, 72};
    chest.spacing = {8, 5, 5};
    const auto lungs = chest.make().ct.hounsfield();
    const std::vector<vector3> spacings{
        {1e-4, 1e-4, 1e-4},    {1e-90, 1e-90, 1e-90}, {1e-300, 5, 5},     {8, 1e-4, 1e-4}, {8, 1e-300, 5},
        {8, 5, 1e-300},        {1e4, 1e4, 1e4},       {1e90, 1e90, 1e90}, {1e300, 5, 5},   {8, 1e300, 1e-300},
        {1e-300, 1e300, 1e-3}, {0.4, 0.4, 0.4},       {8, 0.5, 0.5},      {1e-4, 5, 5}};
    for (const auto& spacing : spacings)
        for (const auto& hounsfield :
             {lungs, noise({35, 64, 72}), noise({1, 1, 1}), noise({1, 1, 90}), noise({1, 90, 1}),
              noise({90, 1, 1}), noise({1, 40, 70}), noise({3, 2, 1})}) {
            geometry grid;
            grid.shape = shape_of(hounsfield);
            grid.spacing_mm = spacing;
            const auto found = lung_mask{}(ct_volume(hounsfield, grid));
            CHECK(shape_of(found.lungs()) == grid.shape);
            CHECK_FALSE(found.remarks().empty());
            CHECK_NOTHROW((void)with_lungs(found.ct(), make_array<std::uint8_t>(grid.shape, 1)));
        }
}
