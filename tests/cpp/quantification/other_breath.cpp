#include <groundglass/quantification/other_breath.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace groundglass::quantification;

namespace {

/// Lung of which `opacity_ml` have a mean of `opacity_hu`, the rest of `rest_hu`.
involvement_measures lung(double rest_ml, double rest_hu, double opacity_ml, double opacity_hu) {
    involvement_measures result;
    result.lung_ml = rest_ml + opacity_ml;
    result.opacity_ml = opacity_ml;
    result.lung_hu.mean = (rest_ml * rest_hu + opacity_ml * opacity_hu) / result.lung_ml;
    result.opacity_hu.mean = opacity_hu;
    return result;
}

} // namespace

TEST_CASE("at_other_breath: the same patient breathed otherwise measures the same") {
    // 4000 ml at -850 HU and 500 ml at -400 HU; all gas times 0.7.
    const auto deep = lung(4000, -850, 500, -400);
    const auto shrunk = [](double ml, double hu) { return ml * (1 + hu / 1000) - 0.7 * ml * hu / 1000; };
    const auto hu_after = [&](double ml, double hu) { return (ml * (1000 + hu) / shrunk(ml, hu)) - 1000; };
    const auto shallow =
        lung(shrunk(4000, -850), hu_after(4000, -850), shrunk(500, -400), hu_after(500, -400));
    CHECK(shallow.opacity_ml == doctest::Approx(440));

    const auto scaled = at_other_breath(shallow, deep.lung_ml);
    CHECK(scaled.gas_factor == doctest::Approx(1 / 0.7));
    CHECK(scaled.opacity_ml == doctest::Approx(500));
    CHECK(scaled.opacity_percent == doctest::Approx(100.0 * 500 / 4500));
    const auto back = at_other_breath(deep, shallow.lung_ml);
    CHECK(back.opacity_ml == doctest::Approx(440));
    CHECK(at_other_breath(deep, deep.lung_ml).opacity_ml == doctest::Approx(500));
}

TEST_CASE("at_other_breath: consolidation keeps its volume, and some breaths there are not") {
    const auto dense = lung(4000, -850, 300, 20);
    CHECK(at_other_breath(dense, 3500).opacity_ml == doctest::Approx(300));
    auto healthy = lung(4000, -850, 0, 0);
    healthy.opacity_hu.mean = std::nan("");
    CHECK(at_other_breath(healthy, 3500).opacity_ml == 0);
    CHECK(at_other_breath(healthy, 3500).opacity_percent == 0);
    CHECK(std::isnan(at_other_breath(dense, 800).opacity_ml)); // less than its tissue
    CHECK(std::isnan(at_other_breath(involvement_measures{}, 3500).opacity_ml));
}
