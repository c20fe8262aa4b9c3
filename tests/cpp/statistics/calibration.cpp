#include "evaluation_cases.hpp"
#include <groundglass/statistics/calibration.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;
using doctest::Approx;

// The expected numbers are printed by evaluation_reference.py beside this file.

namespace {

const auto labels = evaluation_cases::labels();
const auto probabilities = evaluation_cases::probabilities();

void check(const calibration& found, const std::vector<double>& observed,
           const std::vector<double>& predicted) {
    std::size_t place = 0;
    for (const auto& bin : found.bins) {
        if (bin.cases == 0) continue;
        REQUIRE(place < observed.size());
        CHECK(bin.observed.value == Approx(observed[place]).epsilon(1e-11));
        CHECK(bin.predicted == Approx(predicted[place]).epsilon(1e-11));
        CHECK(bin.observed.interval.lower <= bin.observed.value);
        CHECK(bin.observed.interval.upper >= bin.observed.value);
        CHECK(bin.observed.interval.lower < bin.observed.interval.upper);
        ++place;
    }
    CHECK(place == observed.size());
}

} // namespace

TEST_CASE("bins of equal width equal scikit-learn's, and the empty one is kept") {
    const auto found = calibration_curve(probabilities, labels, {.bins = 5});
    REQUIRE(found.bins.size() == 5);
    CHECK(found.bins[2].cases == 0);
    CHECK(std::isnan(found.bins[2].predicted));
    CHECK(std::isnan(found.bins[2].observed.interval.lower));
    check(found, {0, 0.173913043478, 1, 1}, {0.119163129169, 0.300268937696, 0.751546391753, 0.856701030928});
    CHECK(found.expected_error == Approx(0.150996563574).epsilon(1e-11));
    CHECK(found.brier == Approx(0.0806438516314).epsilon(1e-11));
}

TEST_CASE("bins of equal count equal scikit-learn's") {
    const auto found =
        calibration_curve(probabilities, labels, {.bins = 5, .edges = calibration_bins::equal_count});
    check(found, {0, 0, 0.333333333333, 0.666666666667, 1},
          {0.0927835051546, 0.213402061856, 0.314432989691, 0.612371134021, 0.834020618557});
    for (const auto& bin : found.bins) CHECK(bin.cases == 12);
}

TEST_CASE("a probability on an edge belongs to the bin above, 1 to the last") {
    const std::vector<double> edges{0.0, 0.1, 0.3, 0.7, 1.0};
    const auto found = calibration_curve(edges, std::vector<std::uint8_t>{0, 0, 0, 1, 1});
    for (const std::size_t place : {0u, 1u, 3u, 7u, 9u}) CHECK(found.bins[place].cases == 1);
}

TEST_CASE("equal probabilities make one bin") {
    const std::vector<double> same(4, 0.25);
    const std::vector<std::uint8_t> truth{0, 0, 0, 1};
    const auto found = calibration_curve(same, truth, {.edges = calibration_bins::equal_count});
    REQUIRE(found.bins.size() == 1);
    CHECK(found.bins[0].cases == 4);
    CHECK(found.expected_error == 0);
    CHECK(brier_score(same, truth) == Approx(0.1875));
}

TEST_CASE("bad cases are named") {
    const auto refused = [](std::vector<double> p, std::vector<std::uint8_t> l, const char* text) {
        CHECK_THROWS_WITH_AS((void)calibration_curve(p, l), doctest::Contains(text), std::invalid_argument);
        CHECK_THROWS_WITH_AS((void)brier_score(p, l), doctest::Contains(text), std::invalid_argument);
    };
    refused({0.1, 20}, {0, 1}, "not in percent");
    refused({0.1, std::nan("")}, {0, 1}, "found nan at index 1");
    refused({0.1}, {0, 1}, "differ in length");
    refused({}, {}, "no cases");
    refused({0.1, 0.2}, {0, 3}, "found 3 at index 1");
    CHECK_THROWS_WITH_AS((void)calibration_curve(probabilities, labels, {.bins = 0}),
                         doctest::Contains("bins must lie"), std::invalid_argument);
}

TEST_CASE("one class alone has a score and a curve") {
    const std::vector<double> probabilities{0.1, 0.2, 0.7};
    for (const auto label : {std::uint8_t{0}, std::uint8_t{1}}) {
        const std::vector<std::uint8_t> labels(3, label);
        CHECK(brier_score(probabilities, labels) == doctest::Approx(label == 0 ? 0.18 : 1.54 / 3));
        const auto curve = calibration_curve(probabilities, labels);
        for (const auto& bin : curve.bins)
            if (bin.cases > 0) CHECK(bin.observed.value == label);
        CHECK(curve.expected_error == doctest::Approx(label == 0 ? 1.0 / 3 : 2.0 / 3));
    }
    CHECK(brier_score(std::vector<double>{5e-324, 1e-308}, std::vector<std::uint8_t>{0, 0}) == 0);
    CHECK(calibration_curve(std::vector<double>{5e-324, 1e-308}, std::vector<std::uint8_t>{0, 1},
                            {.edges = calibration_bins::equal_count})
              .bins.back()
              .predicted == doctest::Approx(1e-308));
}
