#include <groundglass/statistics/interval_counts.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

TEST_CASE("every edge of a percent begins its own interval") {
    const auto edges = percent_edges();
    REQUIRE(edges.size() == 101);
    CHECK(edges[29] == 0.29);
    CHECK(edges[57] == 0.57);
    for (std::size_t i = 0; i < 100; ++i) {
        CHECK(interval_of(static_cast<double>(i) / 100, edges) == i);
        if (i > 0) CHECK(interval_of(std::nextafter(edges[i], 0), edges) == i - 1);
    }
    CHECK(interval_of(0.29, edges) == 29); // 100 * 0.29 is 28.999999999999996
    CHECK(interval_of(0.57, edges) == 57);
    CHECK(interval_of(0.58, edges) == 58);
    CHECK(interval_of(0.90, edges) == 90);
    CHECK(interval_of(1.0, edges) == 99);
    CHECK(interval_of(std::nextafter(1.0, 2), edges) == 101);
    CHECK(interval_of(-1e-300, edges) == 101);
    CHECK(interval_of(std::nan(""), edges) == 101);
}

TEST_CASE("patients are counted by class, those beyond the edges apart") {
    const std::vector<double> fractions{0.0, 0.1, 0.25, 0.5, 0.6, 0.7, 0.2};
    const std::vector<std::uint8_t> labels{0, 0, 1, 1, 1, 0, 0};
    const std::vector<double> edges{0, 0.25, 0.5};
    const auto counts = count_intervals(fractions, labels, edges);
    CHECK(counts.positive == std::vector<std::size_t>{0, 2});
    CHECK(counts.negative == std::vector<std::size_t>{3, 0});
    CHECK(counts.positive_outside == 1);
    CHECK(counts.negative_outside == 1);
}

TEST_CASE("wrong edges, labels and cohorts are named") {
    const std::vector<double> fractions{0.1, 0.2};
    const std::vector<std::uint8_t> labels{0, 1};
    const auto wrong = [&](const std::vector<std::uint8_t>& l, const std::vector<double>& e,
                           const char* what) {
        CHECK_THROWS_WITH_AS((void)count_intervals(fractions, l, e), doctest::Contains(what),
                             std::invalid_argument);
    };
    wrong(labels, {0}, "at least two edges");
    wrong(labels, {0, 0.5, 0.2}, "edge 2 is 0.2");
    wrong(labels, {0, 0.5, 0.5}, "must ascend");
    wrong(labels, {0, std::nan("")}, "finite");
    wrong({0, 2}, {0, 1}, "labels are 1 (positive) or 0, found 2 at 1");
    wrong({0, 0}, {0, 1}, "no patient is positive");
    wrong({1, 1}, {0, 1}, "no patient is negative");
    wrong({0}, {0, 1}, "as many labels");
}

TEST_CASE("edges out of range are named") {
    CHECK_THROWS_AS((void)percent_edges(0), std::invalid_argument);
    CHECK_THROWS_AS((void)percent_edges(1'000'000'000'000), std::invalid_argument);
    CHECK_THROWS_AS((void)percent_edges(std::numeric_limits<std::size_t>::max()), std::invalid_argument);
    CHECK_THROWS_AS((void)interval_of(0.5, std::vector<double>{}), std::invalid_argument);
    CHECK_THROWS_AS((void)interval_of(0.5, std::vector<double>{0.5}), std::invalid_argument);
}
