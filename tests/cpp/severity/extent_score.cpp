#include <groundglass/severity/extent_score.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace groundglass::severity;

namespace {

void check(extent_convention convention, const std::vector<std::pair<double, int>>& points) {
    for (const auto& [fraction, expected] : points) {
        CAPTURE(definition_of(convention).name);
        CAPTURE(fraction);
        CHECK(extent_points(convention, fraction) == expected);
    }
}

double before(double border) { return std::nextafter(border, 0); }
double after(double border) { return std::nextafter(border, 1); }

} // namespace

TEST_CASE("points of a region, at and beside every border") {
    using enum extent_convention;
    check(ctss_pan2020, {{0, 0},
                         {1e-9, 1},
                         {before(0.05), 1},
                         {0.05, 2},
                         {before(0.25), 2},
                         {0.25, 3},
                         {0.254, 3},
                         {before(0.5), 3},
                         {0.5, 4},
                         {before(0.75), 4},
                         {0.75, 5},
                         {1, 5}});
    check(ctss_francone, {{0, 0},
                          {1e-9, 1},
                          {before(0.05), 1},
                          {0.05, 2},
                          {0.25, 2},
                          {after(0.25), 3},
                          {before(0.5), 3},
                          {0.5, 4},
                          {0.75, 4},
                          {after(0.75), 5},
                          {1, 5}});
    for (const auto convention : {lss, lhos, tss})
        check(convention, {{0, 0},
                           {1e-9, 1},
                           {0.25, 1},
                           {after(0.25), 2},
                           {0.5, 2},
                           {after(0.5), 3},
                           {0.75, 3},
                           {after(0.75), 4},
                           {1, 4}});
    check(tfs, {{0, 0}, {1e-9, 1}, {before(0.25), 1}, {0.25, 2}, {0.5, 3}, {0.75, 4}, {1, 4}});
    check(ct_ss, {{0, 1}, {before(0.05), 1}, {0.05, 2}, {0.25, 3}, {0.5, 4}, {0.75, 5}, {1, 5}});
    check(ct_ss_segments, {{0, 0}, {1e-9, 1}, {before(0.5), 1}, {0.5, 2}, {1, 2}});
}

TEST_CASE("sums reach from nothing to the highest") {
    using enum extent_convention;
    const std::vector<std::pair<extent_convention, int>> highest{
        {ctss_pan2020, 25}, {ctss_francone, 25}, {lss, 20},  {lhos, 20},
        {tss, 20},          {tfs, 24},           {ct_ss, 5}, {ct_ss_segments, 40}};
    for (const auto& [convention, most] : highest) {
        const auto regions = definition_of(convention).region_count;
        CHECK(definition_of(convention).highest() == most);
        CHECK(extent_score(convention, std::vector<double>(regions, 1.0)) == most);
        CHECK(extent_score(convention, std::vector<double>(regions, 0.0)) == (convention == ct_ss ? 1 : 0));
        CHECK_FALSE(definition_of(convention).source.empty());
    }
    CHECK(extent_score(ctss_pan2020, std::vector<double>{0, 0.03, 0.1, 0.3, 0.8}) == 11);
}

TEST_CASE("less than absent_below is no disease") {
    CHECK(extent_points(extent_convention::lss, 0.004, 0.005) == 0);
    CHECK(extent_points(extent_convention::lss, 0.005, 0.005) == 1);
}

TEST_CASE("wrong regions and fractions are named") {
    const std::vector<double> four(4, 0.1), percent(5, 12.0), missing{0.1, 0.1, std::nan(""), 0.1, 0.1};
    CHECK_THROWS_WITH_AS((void)extent_score(extent_convention::lss, four),
                         doctest::Contains("lss: 5 fractions are needed"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)extent_score(extent_convention::tss, percent),
                         doctest::Contains("tss: the fraction must lie in 0..1 (not in percent)"),
                         std::invalid_argument);
    CHECK_THROWS_AS((void)extent_score(extent_convention::tss, missing), std::invalid_argument);
}
