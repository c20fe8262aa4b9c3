#include <groundglass/segmentation/training_likeness.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

using namespace groundglass;
using namespace groundglass::segmentation;

namespace {

/// A body of muscle with a coat of fat, two lungs and a spine behind them.
struct chest {
    double noise_hu = 15;
    double slice_mm = 3;
    bool spine_in_front = false;
    double metal_mm = 0;
    double offset = 0;

    [[nodiscard]] volume::lung_ct made() const {
        const shape3 shape{12, 100, 120};
        auto hu = make_array<std::int16_t>(shape, -1000);
        auto lungs = make_array<std::uint8_t>(shape);
        std::mt19937 random(3);
        std::normal_distribution<double> noise(0, noise_hu);
        for (std::size_t z = 0; z < shape[0]; ++z)
            for (std::size_t y = 0; y < shape[1]; ++y)
                for (std::size_t x = 0; x < shape[2]; ++x) {
                    const double v = (static_cast<double>(y) - 50) / 40,
                                 u = (static_cast<double>(x) - 60) / 55;
                    const double r = std::hypot(u, v);
                    double value = r > 1 ? -1000 : r > 0.85 ? -100 : 40;
                    const double side = u < 0 ? -0.42 : 0.42;
                    if (std::hypot((u - side) / 0.3, v / 0.6) < 1) {
                        value = -850;
                        lungs(z, y, x) = u < 0 ? 2 : 1;
                    }
                    const double back = spine_in_front ? -0.6 : 0.6;
                    if (std::hypot(u / 0.12, (v - back) / 0.18) < 1) value = 500;
                    if (std::hypot(u, v) * 80 < metal_mm) value = 3000;
                    if (r <= 1) value += noise(random);
                    hu(z, y, x) = static_cast<std::int16_t>(std::lround(value + offset));
                }
        return {volume::ct_volume(hu, {.shape = shape, .spacing_mm = {slice_mm, 2, 2}}), lungs};
    }

    [[nodiscard]] std::string reasons() const {
        const auto found = assess_likeness(measure_likeness(made()));
        return found.empty() ? "" : found.front().text;
    }
};

} // namespace

TEST_CASE("likeness: a chest as the networks know it") {
    const auto found = measure_likeness(chest{}.made());
    CHECK(found.slice_mm == 3);
    CHECK(found.noise_hu == doctest::Approx(15).epsilon(0.3));
    CHECK(found.tissue_share > 0.8);
    CHECK(found.spine_offset > 0.1);
    CHECK(found.metal_ml == 0);
    CHECK(unlikeness(found) < 1);
    CHECK(assess_likeness(found).empty());
}

TEST_CASE("likeness: each reason is named") {
    CHECK(chest{.noise_hu = 150}.reasons().find("noise is") != std::string::npos);
    CHECK(chest{.slice_mm = 10}.reasons().find("slices are 10.0 mm apart") != std::string::npos);
    CHECK(chest{.spine_in_front = true}.reasons().find("front and back") != std::string::npos);
    CHECK(chest{.metal_mm = 12}.reasons().find("ml of metal") != std::string::npos);
    CHECK(chest{.offset = 1024}.reasons().find("another scale") != std::string::npos);
    const auto both = chest{.noise_hu = 150, .slice_mm = 12};
    CHECK(both.reasons().find("12.0 mm apart; noise is") != std::string::npos);
    CHECK(unlikeness(measure_likeness(both.made())) > 1.3);
    CHECK(assess_likeness(measure_likeness(both.made())).front().code == "unlike_training");
}

TEST_CASE("likeness: nothing is said of a CT without lung") {
    const shape3 shape{3, 4, 5};
    const volume::lung_ct none(
        volume::ct_volume(make_array<std::int16_t>(shape, 0), {.shape = shape, .spacing_mm = {20, 1, 1}}),
        make_array<std::uint8_t>(shape));
    CHECK(unlikeness(measure_likeness(none)) == 0);
    CHECK(assess_likeness(measure_likeness(none)).empty());
}

TEST_CASE("likeness: without bone nothing is said of the spine") {
    const shape3 shape{4, 40, 40};
    auto hu = make_array<std::int16_t>(shape, 40);
    auto lungs = make_array<std::uint8_t>(shape);
    for (std::size_t z = 0; z < shape[0]; ++z)
        for (std::size_t y = 10; y < 30; ++y)
            for (const std::size_t x : {8, 9, 10, 30, 31, 32}) {
                hu(z, y, x) = -850;
                lungs(z, y, x) = x < 20 ? 2 : 1;
            }
    const auto found =
        measure_likeness({volume::ct_volume(hu, {.shape = shape, .spacing_mm = {3, 2, 2}}), lungs});
    CHECK(std::isnan(found.spine_offset));
    CHECK(unlikeness(found) == doctest::Approx(3 / 8.5));
    CHECK(assess_likeness(found).empty());
}
