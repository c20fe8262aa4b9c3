#include <groundglass/lungs/chest_wall.hpp>

#include <doctest/doctest.h>

#include <random>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

TEST_CASE("close_line: fills gaps between two voxels of a line, and no others") {
    std::mt19937 random(3);
    const shape3 shape{9, 11, 140};
    bit_mask mask(shape);
    for (int i = 0; i < 900; ++i) mask.set(random() % shape[0], random() % shape[1], random() % shape[2]);
    const std::array<std::ptrdiff_t, 3> directions[] = {{0, 0, 1},  {0, 1, 0}, {1, 0, 0}, {0, 1, -1},
                                                        {1, -2, 0}, {1, 0, 3}, {0, 0, 70}};
    for (const auto& step : directions)
        for (const std::ptrdiff_t steps : {0, 1, 4, 9}) {
            const auto found = lungs::detail::close_line(mask, step, steps);
            const auto set = [&](std::size_t s, std::size_t r, std::size_t c, std::ptrdiff_t n) {
                const auto at = [&](std::size_t from, std::size_t axis) {
                    return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(from) + n * step[axis]);
                };
                const shape3 p{at(s, 0), at(r, 1), at(c, 2)};
                return p[0] < shape[0] && p[1] < shape[1] && p[2] < shape[2] && mask.test(p[0], p[1], p[2]);
            };
            for (std::size_t s = 0; s < shape[0]; ++s)
                for (std::size_t r = 0; r < shape[1]; ++r)
                    for (std::size_t c = 0; c < shape[2]; ++c) {
                        std::ptrdiff_t back = 0;
                        std::ptrdiff_t on = 0;
                        while (back <= steps && !set(s, r, c, -back)) ++back;
                        while (on <= steps && !set(s, r, c, on)) ++on;
                        const bool expected =
                            back == 0 || back + on <= steps + 1; // the gap's voxels are one less
                        REQUIRE(found.test(s, r, c) == expected);
                    }
        }
}

TEST_CASE("convex_hull: the corners, counter-clockwise") {
    std::vector<lungs::detail::point2> points;
    for (int y = 0; y <= 4; ++y)
        for (int x = 0; x <= 6; ++x) points.push_back({static_cast<double>(y), static_cast<double>(x)});
    const auto hull = lungs::detail::convex_hull(points);
    REQUIRE(hull.size() == 4);
    CHECK((hull[0].y == 0 && hull[0].x == 0));
    double area = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto& a = hull[i];
        const auto& b = hull[(i + 1) % 4];
        area += 0.5 * (a.x * b.y - b.x * a.y);
    }
    CHECK(std::abs(area) == doctest::Approx(24));
}

namespace {

/// A left lung of 60 x 80 x 60 mm with a bite taken out by a ball.
struct bitten_lung {
    bit_mask lung{{40, 100, 100}};
    bit_mask bite{{40, 100, 100}};
    vector3 spacing{2, 1, 1};

    bitten_lung(double z, double y, double x, double radius) {
        for (std::size_t s = 5; s < 35; ++s)
            for (std::size_t r = 10; r < 90; ++r)
                for (std::size_t c = 20; c < 80; ++c) {
                    const double dz = 2 * static_cast<double>(s) - z;
                    const double dy = static_cast<double>(r) - y;
                    const double dx = static_cast<double>(c) - x;
                    (std::hypot(dz, dy, dx) <= radius ? bite : lung).set(s, r, c);
                }
    }

    [[nodiscard]] double filled(bool is_left = true) const {
        const auto gaps = bounded_gaps(lung, is_left, 60, spacing);
        CHECK((gaps & lung).empty());
        return static_cast<double>((gaps & bite).count()) / static_cast<double>(bite.count());
    }
};

} // namespace

TEST_CASE("bounded_gaps: a bite at the chest wall is filled, at side and back") {
    CHECK(bitten_lung(40, 50, 79, 18).filled() > 0.8);
    CHECK(bitten_lung(40, 89, 50, 18).filled() > 0.8);
    CHECK(bitten_lung(40, 50, 20, 18).filled(false) > 0.8); // the other lung's side
}

TEST_CASE("bounded_gaps: towards the mediastinum and the diaphragm nothing is taken") {
    CHECK(bitten_lung(40, 50, 20, 22).filled() < 0.35); // the root of the lung: only its depths are enclosed
    CHECK(bitten_lung(10, 50, 50, 30).filled() < 0.05); // a dome from below
}

TEST_CASE("bounded_gaps: what the lung encloses is filled, up to half the length") {
    CHECK(bitten_lung(40, 50, 50, 12).filled() > 0.9);
    CHECK(bitten_lung(40, 50, 50, 25).filled() < 0.3);
}
