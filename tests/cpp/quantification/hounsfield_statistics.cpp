#include <groundglass/quantification/hounsfield_statistics.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::quantification;

TEST_CASE("mean and population standard deviation of a few values") {
    const std::vector<std::int16_t> values{-800, -600, 100, 40};
    const std::vector<std::uint8_t> mask{1, 2, 0, 1};
    const auto result = statistics_within(values, mask);
    CHECK(result.count == 3);
    CHECK(result.mean == doctest::Approx(-1360.0 / 3));
    // sqrt((800² + 600² + 40²)/3 − (1360/3)²)
    CHECK(result.sd == doctest::Approx(std::sqrt((640000.0 + 360000 + 1600) / 3 - 1360.0 * 1360 / 9)));
}

TEST_CASE("no voxels have no mean") {
    const std::vector<std::int16_t> values{-800};
    const std::vector<std::uint8_t> mask{0};
    CHECK(std::isnan(statistics_within(values, mask).mean));
    CHECK(std::isnan(statistics_within(values, mask).sd));
}

TEST_CASE("parts add up to the whole, and equal extremes have no spread") {
    hounsfield_sums a, b, whole;
    for (int i = 0; i < 100000; ++i) {
        const auto value = static_cast<std::int16_t>(-32768);
        (i % 3 == 0 ? a : b).add(value);
        whole.add(value);
    }
    a += b;
    CHECK(a.sum == whole.sum);
    CHECK(a.sum_of_squares == whole.sum_of_squares);
    CHECK(whole.statistics().sd == 0);
}

TEST_CASE("a mask of another length is named") {
    const std::vector<std::int16_t> values{1, 2, 3};
    CHECK_THROWS_AS((void)statistics_within(values, std::vector<std::uint8_t>{1, 1}), std::invalid_argument);
}
