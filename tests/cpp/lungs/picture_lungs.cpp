#include <groundglass/lungs/picture_lungs.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

namespace {

constexpr std::size_t rows = 120;
constexpr std::size_t columns = 160;
constexpr std::uint8_t air = 10;
constexpr std::uint8_t lung = 60;
constexpr std::uint8_t tissue = 200;

struct picture {
    std::vector<std::uint8_t> grey = std::vector<std::uint8_t>(rows * columns, tissue);
    bit_mask found{{1, rows, columns}};

    void paint(std::size_t top, std::size_t left, std::size_t height, std::size_t width, std::uint8_t value) {
        for (std::size_t r = top; r < top + height; ++r)
            std::fill_n(grey.begin() + static_cast<std::ptrdiff_t>(r * columns + left), width, value);
    }
    void find(std::size_t top, std::size_t left, std::size_t height, std::size_t width) {
        for (std::size_t r = top; r < top + height; ++r) found.set(0, r, left, left + width);
    }
    [[nodiscard]] bit_mask beside() const { return air_beside_patient<std::uint8_t>(grey, rows, columns); }
};

} // namespace

TEST_CASE("otsu_threshold: between two heaps of values") {
    std::vector<float> values;
    for (int i = 0; i < 60; ++i) values.push_back(-900.0F + static_cast<float>(i));
    for (int i = 0; i < 40; ++i) values.push_back(20.0F + static_cast<float>(i));
    CHECK(otsu_threshold<float>(values) == doctest::Approx(-841));
    const std::vector<std::uint8_t> constant(9, 7);
    CHECK(otsu_threshold<std::uint8_t>(constant) == 7);
    CHECK_THROWS_AS(static_cast<void>(otsu_threshold(std::span<const float>())), std::invalid_argument);
    values[3] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_AS(static_cast<void>(otsu_threshold<float>(values)), std::invalid_argument);
}

TEST_CASE("otsu_threshold: the best of all thresholds, by trying each") {
    std::vector<std::uint8_t> values;
    std::uint32_t state = 7;
    for (int i = 0; i < 500; ++i) {
        state = state * 1664525U + 1013904223U;
        values.push_back(static_cast<std::uint8_t>((state >> 24) % 100 + (i % 3 == 0 ? 150 : 0)));
    }
    values.push_back(0);
    values.push_back(255); // 256 bins are then the 256 values
    double best = -1;
    int at = 0;
    for (int t = 0; t < 255; ++t) {
        double n0 = 0, n1 = 0, s0 = 0, s1 = 0;
        for (const auto v : values) (v <= t ? n0 : n1) += 1, (v <= t ? s0 : s1) += v;
        if (n0 == 0 || n1 == 0) continue;
        const double between = n0 * n1 * std::pow(s0 / n0 - s1 / n1, 2);
        if (between > best * (1 + 1e-12)) best = between, at = t;
    }
    double greatest = 0;
    for (const auto v : values)
        if (v <= at) greatest = std::max(greatest, static_cast<double>(v));
    CHECK(otsu_threshold<std::uint8_t>(values) == greatest);
}

TEST_CASE("air_beside_patient: corners and the edge, and not the lungs") {
    picture p;
    p.paint(0, 0, 12, columns, air); // above the patient, corner to corner
    p.paint(60, 0, 20, 4, air);      // beside an arm
    p.paint(40, 30, 50, 30, lung);   // inside
    p.paint(30, 110, 80, 50, lung);  // cut by the right edge: a fifth of the picture
    const auto beside = p.beside();
    CHECK(beside.count() == 12 * columns + 20 * 4);
    CHECK(beside.test(0, 0, 0));
    CHECK(beside.test(0, 65, 2));
    CHECK_FALSE(beside.test(0, 60, 40));
    CHECK_FALSE(beside.test(0, 60, 159));
}

TEST_CASE("without_beside: air and the scraps in it go, lungs stay") {
    picture p;
    p.paint(0, 0, 20, columns, air);
    p.paint(8, 40, 1, 60, tissue); // a fold of cloth
    p.paint(40, 30, 50, 30, lung);
    p.find(2, 20, 16, 100);
    p.find(40, 30, 50, 30);
    const auto kept = without_beside(p.found, p.beside());
    CHECK(kept.count() == 50 * 30);
    CHECK(kept.test(0, 40, 30));
    CHECK(without_beside(p.found, bit_mask({1, rows, columns})) == p.found);
    CHECK(without_beside(bit_mask({1, rows, columns}), p.beside()).empty());
}

TEST_CASE("otsu_threshold: values of any magnitude") {
    for (const double unit : {5e-324, 1e-308, 1e-300, 1.0, 1e300, 1e305}) {
        std::vector<double> values;
        for (int i = 0; i < 100; ++i) values.push_back((i < 60 ? -400 + i % 7 : 900 + i % 5) * unit);
        CHECK(otsu_threshold<double>(values) == -394 * unit);
    }
    const std::vector<double> ends{-std::numeric_limits<double>::max(), std::numeric_limits<double>::max()};
    CHECK(otsu_threshold<double>(ends) == ends[0]);
}
