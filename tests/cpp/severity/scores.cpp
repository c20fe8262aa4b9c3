#include <groundglass/severity/scores.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>

using namespace groundglass;
using namespace groundglass::quantification;
using namespace groundglass::severity;
using severity::ct_grade;
using severity::lobe_source;

namespace {

/// Each third and lobe with its opacity and consolidation in percent; 600 ml lung in each third.
involvement_table table_of(const std::array<double, 6>& thirds, double consolidated_share = 0) {
    involvement_table table;
    const auto fill = [&](involvement_measures& row, double lung_ml, double percent) {
        row.lung_ml = lung_ml;
        row.opacity_percent = percent;
        row.high_opacity_percent = consolidated_share * percent;
        row.opacity_ml = lung_ml * percent / 100;
        row.consolidation_ml = consolidated_share * row.opacity_ml;
        row.ground_glass_ml = row.opacity_ml - row.consolidation_ml;
    };
    double sum = 0;
    for (std::size_t i = 0; i < 6; ++i) {
        fill(table.rows[3 + i], 600, thirds[i]);
        sum += thirds[i];
    }
    fill(table.rows[0], 3600, sum / 6);
    return table;
}

} // namespace

TEST_CASE("the stage grades the table's first row") {
    involvement_table table;
    table.rows[0].opacity_percent = 30;
    CHECK(severity::scores{}(table).ct_grade_extent == ct_grade::ct_2);
    CHECK(severity::scores{}(table).opacity_fraction == doctest::Approx(0.3));
    table.rows[0].opacity_percent = 0.4;
    CHECK(severity::scores{}(table).ct_grade_extent == ct_grade::ct_0);
    CHECK(severity::scores({.absent_below = 0})(table).ct_grade_extent == ct_grade::ct_1);
    table.rows[0].opacity_percent = std::nan("");
    CHECK_THROWS_AS((void)severity::scores{}(table), std::invalid_argument);
    CHECK_THROWS_AS(severity::scores({.absent_below = 0.3}), std::invalid_argument);
}

TEST_CASE("without lobes the scores take thirds, and say so") {
    // left upper, middle, lower, right upper, middle, lower
    const auto table = table_of({0, 10, 30, 2, 60, 80});
    const auto found = severity::scores{}(table);
    CHECK(found.lobes == lobe_source::thirds);
    CHECK(found.ctss_pan2020 == 2 + 3 + 1 + 4 + 5); // the left upper lobe is (0 + 10) / 2
    CHECK(found.ctss_francone == 2 + 3 + 1 + 4 + 5);
    CHECK(found.tss == 1 + 2 + 1 + 3 + 4);
    CHECK(found.lss == found.tss);
    CHECK(found.lhos == 0);
    CHECK(found.tfs == 0 + 1 + 2 + 1 + 3 + 4);
    CHECK(found.tfs_ground_glass == found.tfs);
    CHECK(found.tfs_consolidation == 0);
    CHECK(found.ct_ss == 3);
    CHECK(found.ct_grade_extent == ct_grade::ct_2);
    CHECK(found.ct_grade_rule == ct_grade::ct_2);
    CHECK_FALSE(found.ct_ss_segments.has_value());
}

TEST_CASE("consolidation raises the rule, not the extent") {
    const auto found = severity::scores{}(table_of({10, 10, 10, 10, 10, 10}, 0.5));
    CHECK(found.ct_grade_extent == ct_grade::ct_1);
    CHECK(found.ct_grade_rule == ct_grade::ct_3);
    CHECK(found.lhos == 5);
    CHECK(found.tfs_consolidation == 6);
}

TEST_CASE("lobes and segments are taken where the table has them") {
    auto table = table_of({0, 10, 30, 2, 60, 80});
    for (const double percent : {0.0, 3.0, 10.0, 30.0, 80.0}) {
        region_involvement row;
        row.lung_ml = 700;
        row.opacity_percent = percent;
        row.high_opacity_percent = percent / 2;
        table.lobes.push_back(row);
    }
    table.segments.assign(20, {.lung_ml = 100, .opacity_percent = 20});
    table.segments[3].opacity_percent = 50;
    table.segments[4].opacity_percent = 0.1;
    const auto found = severity::scores{}(table);
    CHECK(found.lobes == lobe_source::lobe_map);
    CHECK(found.ctss_pan2020 == 11);
    CHECK(found.lhos == 0 + 1 + 1 + 1 + 2);
    CHECK(found.ct_ss_segments == 18 + 2);
    CHECK(found.tfs == 11);
}

TEST_CASE("a region without lung leaves its scores empty") {
    auto table = table_of({0, 10, 30, 2, 60, 80});
    table.rows[5].lung_ml = 0;
    table.rows[5].opacity_percent = std::nan("");
    const auto found = severity::scores{}(table);
    CHECK_FALSE(found.ctss_pan2020.has_value());
    CHECK_FALSE(found.tfs.has_value());
    CHECK_FALSE(found.tfs_ground_glass.has_value());
    CHECK(found.ct_grade_extent == ct_grade::ct_2);
}
