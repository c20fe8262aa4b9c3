#include <groundglass/severity/lobar_extent.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::quantification;
using namespace groundglass::severity;
using doctest::Approx;

namespace {

void fill(involvement_measures& row, double lung_ml, double percent, double high_percent) {
    row.lung_ml = lung_ml;
    row.opacity_percent = percent;
    row.high_opacity_percent = high_percent;
}

} // namespace

TEST_CASE("thirds stand in for lobes, weighted by their volume") {
    involvement_table table;
    for (std::size_t i = 0; i < 6; ++i)
        fill(table.rows[3 + i], 100.0 + 100.0 * static_cast<double>(i), 10.0 * static_cast<double>(i),
             5.0 * static_cast<double>(i));
    const auto found = lobar_extent_of(table);
    CHECK(found.source == lobe_source::thirds);
    CHECK(name_of(found.source) == "thirds");
    CHECK(found.opacity[0] == Approx((100 * 0.0 + 200 * 0.1) / 300));
    CHECK(found.high_opacity[0] == Approx((100 * 0.0 + 200 * 0.05) / 300));
    CHECK(found.opacity[1] == Approx(0.2));
    CHECK(found.opacity[2] == Approx(0.3));
    CHECK(found.opacity[4] == Approx(0.5));
    CHECK(found.high_opacity[4] == Approx(0.25));
}

TEST_CASE("a missing third leaves the rest of the lobe, a missing lobe none") {
    involvement_table table;
    for (std::size_t i = 0; i < 6; ++i) fill(table.rows[3 + i], 100, 10, 0);
    fill(table.rows[3], 0, std::nan(""), std::nan(""));
    fill(table.rows[8], 0, std::nan(""), std::nan(""));
    const auto found = lobar_extent_of(table);
    CHECK(found.opacity[0] == Approx(0.1));
    CHECK(std::isnan(found.opacity[4]));
}

TEST_CASE("a map's lobes come before thirds") {
    involvement_table table;
    for (std::size_t i = 0; i < lobe_count; ++i) {
        table.lobes.emplace_back();
        fill(table.lobes.back(), 500, 20.0 * static_cast<double>(i), 10.0 * static_cast<double>(i));
    }
    const auto found = lobar_extent_of(table);
    CHECK(found.source == lobe_source::lobe_map);
    CHECK(name_of(found.source) == "lobe_map");
    CHECK(found.opacity[4] == Approx(0.8));
    CHECK(found.high_opacity[3] == Approx(0.3));
}
