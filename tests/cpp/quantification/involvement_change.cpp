#include <groundglass/quantification/involvement_change.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string_view>

using namespace groundglass::quantification;

namespace {

std::size_t place(std::string_view measure) {
    return static_cast<std::size_t>(std::find(changed_measures.begin(), changed_measures.end(), measure) -
                                    changed_measures.begin());
}

void set(region_involvement& row, double lung_ml, double glass_ml, double dense_ml) {
    row.lung_ml = lung_ml;
    row.ground_glass_ml = glass_ml;
    row.consolidation_ml = dense_ml;
    row.opacity_ml = glass_ml + dense_ml;
    row.opacity_percent = 100 * row.opacity_ml / lung_ml;
    row.high_opacity_percent = 100 * dense_ml / lung_ml;
    row.lung_hu.mean = -750;
    row.opacity_hu.mean = -500;
}

measured_twice patient(bool lobes = false) {
    measured_twice result;
    for (std::size_t r = 0; r < lung_region_count; ++r) {
        result.first.rows[r].region = result.second.rows[r].region = static_cast<lung_region>(r);
        set(result.first.rows[r], 1000, 100, 20);
        set(result.second.rows[r], 900, 60, 30);
    }
    if (lobes) {
        result.first.lobes.assign(5, result.first.rows[0]);
        result.second.lobes.assign(5, result.second.rows[0]);
    }
    return result;
}

uncertainty_table doubt(const involvement_table& table, double low, double high) {
    uncertainty_table result;
    result.levels = {0.05, 0.95};
    result.coverage = 0.9;
    for (std::size_t r = 0; r < lung_region_count; ++r) {
        result.rows[r].opacity_ml = {{}, low * table.rows[r].opacity_ml, high * table.rows[r].opacity_ml};
        result.rows[r].opacity_percent = {
            {}, low * table.rows[r].opacity_percent, high * table.rows[r].opacity_percent};
    }
    return result;
}

} // namespace

TEST_CASE("involvement_change: every measure of every region, scaled to the first breath") {
    const auto both = patient(true);
    const auto table = involvement_change{}(both);
    REQUIRE(table.rows.size() == lung_region_count + 5);
    CHECK(table.rows[3].region == lung_region::left_upper);
    for (const auto& row : table.rows) {
        CHECK(row.changes[place("lung_ml")].difference == -100);
        CHECK(row.changes[place("ground_glass_ml")].difference == -40);
        CHECK(row.changes[place("consolidation_ml")].relative_percent == doctest::Approx(50));
        CHECK(row.changes[place("opacity_percent")].difference == doctest::Approx(10 - 12));
        // 675 ml of gas become 775, half of the 90 ml are gas.
        CHECK(row.changes[place("opacity_ml_at_breath")].difference ==
              doctest::Approx(45 + 45 * 775.0 / 675 - 120));
        CHECK(row.changes[place("opacity_percent_at_breath")].difference ==
              doctest::Approx(4.5 + 4.5 * 775.0 / 675 - 12));
        CHECK(std::isnan(row.changes[place("opacity_ml")].lower));
        CHECK(row.first[place("opacity_percent_at_breath")].value == doctest::Approx(12));
        CHECK(row.second[place("opacity_ml")].value == 90);
    }
    CHECK(involvement_change{}(patient()).rows.size() == lung_region_count);
}

TEST_CASE("involvement_change: intervals are those of the kernel, and scaled with their values") {
    auto both = patient();
    both.first_doubt = doubt(both.first, 0.8, 1.3);
    both.second_doubt = doubt(both.second, 0.7, 1.2);
    const involvement_change stage({.change = {.shared = 0.5}, .repeatability = {5, 0.25, 0.02}});
    const auto row = stage(both).rows[0];
    const auto expected = change_between({120, 96, 156}, {90, 63, 108}, 5, {.shared = 0.5});
    CHECK(row.changes[place("opacity_ml")].lower == doctest::Approx(expected.lower));
    CHECK(row.changes[place("opacity_ml")].less == doctest::Approx(expected.less));
    const double after = 45 + 45 * 775.0 / 675;
    const auto scaled = change_between({120, 96, 156}, {after, 0.7 * after, 1.2 * after}, 5, {.shared = 0.5});
    CHECK(row.changes[place("opacity_ml_at_breath")].lower == doctest::Approx(scaled.lower));
    CHECK(row.changes[place("opacity_percent_at_breath")].lower == doctest::Approx(scaled.lower / 10));
    CHECK(std::isnan(row.changes[place("lung_ml")].lower));
}

TEST_CASE("involvement_change: no lung, no breath, other coverage, wrong options") {
    auto both = patient();
    both.second.rows[1].lung_ml = 0;
    both.second.rows[2].lung_hu.mean = 0; // no gas
    const auto table = involvement_change{}(both);
    CHECK(std::isnan(table.rows[1].changes[place("opacity_ml")].difference));
    CHECK(table.rows[2].changes[place("opacity_ml")].difference == -30);
    CHECK(std::isnan(table.rows[2].changes[place("opacity_ml_at_breath")].difference));
    both.first_doubt = doubt(both.first, 0.8, 1.3);
    CHECK_THROWS_AS(static_cast<void>(involvement_change({.change = {.coverage = 0.8}})(both)),
                    std::invalid_argument);
    CHECK_THROWS_AS(involvement_change({.repeatability = {-1, 0, 0}}), std::invalid_argument);
    CHECK_THROWS_AS(involvement_change({.change = {.shared = 1}}), std::invalid_argument);
    CHECK(involvement_change{} == involvement_change({.change = {.coverage = 0.9}}));
    CHECK(repeatability_options{10, 0.5, 0.1}.limit(300, 100, false) == 20);
    CHECK(repeatability_options{10, 0.5, 0.1}.limit(3, 1, true) == 0.5);
}
