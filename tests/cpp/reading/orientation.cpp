#include <groundglass/reading/orientation.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::reading;

namespace {

array3<int> counting(const shape3& shape) {
    auto array = make_array<int>(shape);
    std::iota(flat(array).begin(), flat(array).end(), 0);
    return array;
}

/// Every source whose axes are the body's, in each of the 6 orders and 8 directions.
std::vector<geometry> all_sources() {
    const std::array<vector3, 3> body{{{0, 0, 1}, {0, 1, 0}, {1, 0, 0}}};
    std::vector<geometry> result;
    std::array<std::size_t, 3> axes{0, 1, 2};
    do
        for (int flips = 0; flips < 8; ++flips) {
            geometry g{.shape = {2, 3, 4}, .spacing_mm = {5, 0.7, 0.8}, .origin_mm = {-11, 22, 33}};
            for (std::size_t i = 0; i < 3; ++i)
                for (std::size_t k = 0; k < 3; ++k)
                    g.direction[i][k] = ((flips >> i & 1) ? -1 : 1) * body[axes[i]][k];
            result.push_back(g);
        }
    while (std::next_permutation(axes.begin(), axes.end()));
    return result;
}

} // namespace

TEST_CASE("all 48 orientations become axial, every voxel stays where it was, and go back") {
    const auto sources = all_sources();
    REQUIRE(sources.size() == 48);
    for (const auto& source : sources) {
        const auto order = axial_order_of(source);
        const auto grid = to_axial(source, order);
        CHECK(grid.is_axial());
        CHECK(grid.voxel_ml() == doctest::Approx(source.voxel_ml()));
        const auto original = counting(source.shape);
        const auto turned = to_axial(original, order);
        REQUIRE(shape_of(turned) == grid.shape);
        bool same = true;
        for (std::size_t s = 0; s < 2; ++s)
            for (std::size_t r = 0; r < 3; ++r)
                for (std::size_t c = 0; c < 4; ++c) {
                    const auto p = source.position_mm(double(s), double(r), double(c));
                    const auto o = grid.origin_mm;
                    // Axial axes are the body's here, so the index is the distance from the origin.
                    const auto i = static_cast<std::size_t>(std::lround((p[2] - o[2]) / grid.spacing_mm[0]));
                    const auto j = static_cast<std::size_t>(std::lround((p[1] - o[1]) / grid.spacing_mm[1]));
                    const auto k = static_cast<std::size_t>(std::lround((p[0] - o[0]) / grid.spacing_mm[2]));
                    same &= i < grid.shape[0] && j < grid.shape[1] && k < grid.shape[2] &&
                            turned(i, j, k) == original(s, r, c);
                }
        CHECK(same);
        CHECK(from_axial(turned, order) == original);
    }
}

TEST_CASE("an axial volume keeps its memory, a flipped one as well") {
    geometry source{.shape = {2, 3, 4}};
    auto array = counting(source.shape);
    const auto* memory = array.storage().data();
    auto order = axial_order_of(source);
    CHECK(order.identity());
    array = to_axial(std::move(array), order);
    CHECK(array.storage().data() == memory);
    for (std::size_t i = 0; i < 3; ++i) source.direction[2][i] *= -1, source.direction[1][i] *= -1;
    order = axial_order_of(source);
    array = to_axial(std::move(array), order);
    CHECK(array.storage().data() == memory);
    CHECK(array(0, 0, 0) == 11);
}

TEST_CASE("an oblique volume takes the nearest axes, one at 45 degrees is refused") {
    geometry source{.shape = {2, 3, 4}};
    const auto turn = [&](double degrees) {
        const double a = degrees * 3.14159265358979323846 / 180;
        source.direction = {{{0, -std::sin(a), std::cos(a)}, {0, std::cos(a), std::sin(a)}, {1, 0, 0}}};
    };
    turn(30);
    CHECK(axial_order_of(source).identity());
    turn(60);
    CHECK_FALSE(axial_order_of(source).identity());
    turn(45);
    CHECK_THROWS_AS(static_cast<void>(axial_order_of(source)), format_error);
    source.direction[0][0] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(static_cast<void>(axial_order_of(source)), format_error);
}

TEST_CASE("a mask in the CT's grid is turned, one in another grid is refused with both") {
    const geometry like{.shape = {4, 3, 2}, .spacing_mm = {5, 1, 1}, .origin_mm = {-10, -20, 30}};
    geometry source = like; // as a NIfTI writer stores it: to the right and to the front
    source.direction = {{{0, 0, 1}, {0, -1, 0}, {-1, 0, 0}}};
    source.origin_mm = like.position_mm(0, 2, 1);
    const auto mask = counting(source.shape);
    const auto turned = on_grid(mask, source, like);
    CHECK(turned(0, 0, 0) == mask(0, 2, 1));

    source.origin_mm[2] += 0.05; // rounding in a header
    CHECK_NOTHROW(static_cast<void>(on_grid(mask, source, like)));
    const auto refusal = [&](const geometry& g) -> std::string {
        try {
            static_cast<void>(on_grid(counting(g.shape), g, like));
        } catch (const format_error& error) {
            return error.what();
        }
        return "";
    };
    auto other = source;
    other.origin_mm[2] += 5;
    CHECK(refusal(other).find("found 4 x 3 x 2 voxels of 5 x 1 x 1 mm from (-10, -20, 35") !=
          std::string::npos);
    CHECK(refusal(other).find("expected 4 x 3 x 2 voxels of 5 x 1 x 1 mm from (-10, -20, 30)") !=
          std::string::npos);
    other = source;
    other.shape = {4, 3, 3};
    CHECK_FALSE(refusal(other).empty());
    other = source;
    other.spacing_mm[0] = 5.1;
    CHECK_FALSE(refusal(other).empty());
}
