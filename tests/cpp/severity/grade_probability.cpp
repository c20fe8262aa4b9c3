#include <groundglass/severity/ct_grade.hpp>
#include <groundglass/severity/grade_probability.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::severity;
using doctest::Approx;

namespace {

using list = std::vector<double>;

void check(const grade_probabilities& found, const list& expected) {
    REQUIRE(found.probability.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found.probability[i] == Approx(expected[i]));
    CHECK(std::accumulate(found.probability.begin(), found.probability.end(), 0.0) == Approx(1));
}

} // namespace

TEST_CASE("a uniform fraction, its tails continued") {
    const list levels{0.1, 0.5, 0.9}, fractions{0.12, 0.20, 0.28}; // uniform on 0.10..0.30
    const uncertain_fraction uniform(levels, fractions);
    CHECK(uniform.below(0.0999) == 0);
    CHECK(uniform.below(0.11) == Approx(0.05));
    CHECK(uniform.below(0.25) == Approx(0.75));
    CHECK(uniform.below(0.31) == 1);
    CHECK(uniform.quantile(0.05) == Approx(0.11));
    CHECK(uniform.quantile(0) == Approx(0.10));
    CHECK(uniform.quantile(1) == Approx(0.30));
    const auto found = grade_probability(levels, fractions, ct_grade_cuts(0.005));
    check(found, {0, 0.75, 0.25, 0, 0});
    CHECK(found.lower == Approx(0.11));
    CHECK(found.upper == Approx(0.29));
    CHECK(found.cuts_within == list{0.25});
    CHECK_FALSE(grade_probability(levels, fractions, ct_grade_cuts(0.005), 0.4).near_cut());
}

TEST_CASE("tails stop at 0 and 1, where the rest of the probability lies") {
    const list levels{0.25, 0.75};
    const uncertain_fraction low(levels, list{0.01, 0.05});
    CHECK(low.below(0) == 0);
    CHECK(low.below(1e-12) == Approx(0.125)); // the line reaches 0 at 0.25 - 0.01 / 0.08
    CHECK(low.quantile(0.05) == 0);
    const uncertain_fraction high(levels, list{0.95, 0.99});
    CHECK(high.below(1) == Approx(0.875));
    CHECK(high.quantile(0.95) == 1);
    check(grade_probability(levels, list{0.01, 0.05}, list{0.0, 0.03}), {0, 0.5, 0.5});
}

TEST_CASE("equal quantiles are a jump that belongs to the upper class") {
    const list levels{0.05, 0.5, 0.95}, none{0, 0, 0};
    check(grade_probability(levels, none, ct_grade_cuts(0)), {1, 0, 0, 0, 0});
    check(grade_probability(levels, none, list{0.0}), {0, 1});
    const list jump{0.1, 0.25, 0.25};
    const auto found = grade_probability(levels, jump, list{0.25});
    check(found, {0.5, 0.5});
    CHECK(found.near_cut());
    check(grade_probability(levels, jump, list{0.25, 0.25}), {0.5, 0, 0.5});
    CHECK_FALSE(grade_probability(levels, list{0.25, 0.25, 0.25}, list{0.25}).near_cut());
}

TEST_CASE("the classes of a stage") {
    const auto found = grade_probability(list{0.05, 0.95}, list{0.01, 0.03}, thresholds::published());
    check(found, {0.41, 0.59, 0});
    CHECK(found.cuts_within == list{0.018});
}

TEST_CASE("bad quantiles and cuts are named") {
    const auto refused = [](const list& levels, const list& fractions, const list& cuts, const char* text) {
        CHECK_THROWS_WITH_AS((void)grade_probability(levels, fractions, cuts), doctest::Contains(text),
                             std::invalid_argument);
    };
    const list levels{0.1, 0.9}, fractions{0.1, 0.2}, cuts{0.15};
    refused({0.1, 0.5, 0.9}, fractions, cuts, "differ in length, 3 and 2");
    refused({0.5}, {0.1}, cuts, "at least two quantiles");
    refused({0.0, 0.9}, fractions, cuts, "levels must ascend");
    refused({0.9, 0.1}, fractions, cuts, "levels must ascend");
    refused({0.1, std::nan("")}, fractions, cuts, "found nan at index 1");
    refused(levels, {0.2, 0.1}, cuts, "must not descend");
    refused(levels, {10, 20}, cuts, "not in percent");
    refused(levels, {0.1, std::nan("")}, cuts, "found nan at index 1");
    refused(levels, fractions, {}, "at least one cut");
    refused(levels, fractions, {0.3, 0.2}, "cuts must ascend");
    CHECK_THROWS_WITH_AS((void)grade_probability(levels, fractions, cuts, 90), doctest::Contains("central"),
                         std::invalid_argument);
}
