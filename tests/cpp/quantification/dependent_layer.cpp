#include "lying_chest.hpp"
#include <groundglass/quantification/dependent_layer.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

using namespace groundglass;
using namespace groundglass::quantification;
using volume::patient_position;

namespace {

constexpr std::size_t row_of_both = 6 * 15 * 2;

std::size_t voxels(const lying_chest& chest, dependent_side side,
                   const dependent_layer_options& options = {}) {
    return dependent_layer(chest.study(patient_position::unknown), side, -860, options).count();
}

} // namespace

TEST_CASE("the layer lies where the patient does") {
    lying_chest chest;
    chest.put(30, 34, -660);
    CHECK(voxels(chest, dependent_side::back) == 5 * row_of_both);
    CHECK(voxels(chest, dependent_side::front) == 0);
    chest.put(5, 6, -660);
    CHECK(voxels(chest, dependent_side::back) == 5 * row_of_both);
    CHECK(voxels(chest, dependent_side::front) == 2 * row_of_both);
}

TEST_CASE("it is alike in both lungs") {
    lying_chest chest;
    chest.put(32, 34, -660, true, false);
    CHECK(voxels(chest, dependent_side::back) == 0);
    // at another height of the same lung's back, beyond the reach of the mirror
    for (std::size_t s = 0; s < 6; ++s) chest.lesions(s, 34, 5) = 1, chest.hounsfield(s, 34, 5) = -660;
    CHECK(voxels(chest, dependent_side::back, {.mirror_mm = 4}) > 0);
    CHECK(voxels(chest, dependent_side::back, {.mirror_mm = 4}) < 3 * row_of_both);
}

TEST_CASE("density, depth and gaps bound it") {
    lying_chest chest;
    chest.put(20, 34, -510);
    CHECK(voxels(chest, dependent_side::back) == 15 * row_of_both); // 30 mm in rows of 2 mm
    CHECK(voxels(chest, dependent_side::back, {.depth_mm = 10}) == 5 * row_of_both);
    CHECK(voxels(chest, dependent_side::back, {.above_lung_hu = 349}) == 0);
    chest.put(33, 34, -300);
    CHECK(voxels(chest, dependent_side::back) == 13 * row_of_both);
    chest.put(32, 34, -300); // three rows are more than 5 mm
    CHECK(voxels(chest, dependent_side::back) == 0);
    CHECK(voxels(chest, dependent_side::back, {.gap_mm = 6}) == 12 * row_of_both);
}

TEST_CASE("the upper half of a lung is no layer") {
    lying_chest chest;
    for (std::size_t s = 0; s < 6; ++s) // the lungs end high at their sides
        for (std::size_t r = 18; r < 35; ++r) chest.lungs(s, r, 5) = chest.lungs(s, r, 44) = 0;
    chest.put(14, 17, -660);
    CHECK(voxels(chest, dependent_side::back) == 0);
}

TEST_CASE("wrong options and missing lungs") {
    lying_chest chest;
    chest.put(30, 34, -660);
    CHECK_THROWS_AS(voxels(chest, dependent_side::back, {.depth_mm = -1}), std::invalid_argument);
    CHECK_THROWS_AS(voxels(chest, dependent_side::back, {.gap_mm = std::numeric_limits<double>::quiet_NaN()}),
                    std::invalid_argument);
    CHECK_THROWS_AS(voxels(chest, dependent_side::back, {.above_lung_hu = -1}), std::invalid_argument);
    for (auto& label : flat(chest.lungs)) label = label == 1 ? 1 : 0;
    CHECK(voxels(chest, dependent_side::back) == 0);
}
