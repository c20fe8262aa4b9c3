#include <groundglass/quantification/involvement_measures.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>

using namespace groundglass::quantification;

namespace {

constexpr std::uint8_t none = 0, ground_glass = 1, consolidation = 2;

/// Three voxels of lung, two of them lesions; the ground glass is denser than -200 HU.
involvement_counts counted(high_opacity_rule rule) {
    involvement_counts counts;
    counts.add(-900, none, rule);
    counts.add(-150, ground_glass, rule);
    counts.add(-300, consolidation, rule);
    return counts;
}

} // namespace

TEST_CASE("voxels become millilitres and percentages") {
    const auto measures = counted(high_opacity_rule::consolidation).measures(0.5);
    CHECK(measures.lung_ml == 1.5);
    CHECK(measures.ground_glass_ml == 0.5);
    CHECK(measures.consolidation_ml == 0.5);
    CHECK(measures.opacity_ml == 1);
    CHECK(measures.opacity_percent == doctest::Approx(200.0 / 3));
    CHECK(measures.high_opacity_percent == doctest::Approx(100.0 / 3));
    CHECK(measures.lung_hu.count == 3);
    CHECK(measures.lung_hu.mean == doctest::Approx(-450));
    CHECK(measures.opacity_hu.mean == doctest::Approx(-225));
    CHECK(measures.opacity_hu.sd == doctest::Approx(75));
}

TEST_CASE("high opacity goes by the class or by HU") {
    CHECK(counted(high_opacity_rule::consolidation).high_opacity == 1);
    auto counts = counted(high_opacity_rule::above_minus_200_hu);
    CHECK(counts.high_opacity == 1);
    counts.add(-200, ground_glass, high_opacity_rule::above_minus_200_hu);
    CHECK(counts.high_opacity == 1);
    counts.add(-199, ground_glass, high_opacity_rule::above_minus_200_hu);
    CHECK(counts.high_opacity == 2);
}

TEST_CASE("sums of parts are the sum of the whole, and nothing has no percentage") {
    auto sum = counted(high_opacity_rule::consolidation);
    sum += counted(high_opacity_rule::consolidation);
    CHECK(sum.lung.count == 6);
    CHECK(sum.opacity.sum == -900);
    CHECK(sum.measures(1).opacity_percent ==
          counted(high_opacity_rule::consolidation).measures(1).opacity_percent);
    const auto nothing = involvement_counts{}.measures(1);
    CHECK(nothing.lung_ml == 0);
    CHECK(std::isnan(nothing.opacity_percent));
    CHECK(std::isnan(nothing.opacity_hu.mean));
}
