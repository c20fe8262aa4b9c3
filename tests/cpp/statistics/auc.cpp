#include "evaluation_cases.hpp"
#include <groundglass/statistics/auc.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;
using doctest::Approx;

// The expected numbers are printed by evaluation_reference.py beside this file.

namespace {
const auto labels = evaluation_cases::labels();
const auto first = evaluation_cases::first();
const auto second = evaluation_cases::second();
} // namespace

TEST_CASE("the area equals scikit-learn's") {
    CHECK(auc(first, labels) == Approx(0.803819444444).epsilon(1e-11));
    CHECK(auc(second, labels) == Approx(0.710648148148).epsilon(1e-11));
    CHECK(auc(std::vector<double>{1, 2, 3, 4}, std::vector<std::uint8_t>{0, 0, 1, 1}) == 1);
    CHECK(auc(std::vector<double>{1, 2, 2, 4}, std::vector<std::uint8_t>{1, 1, 0, 0}) == 0.125);
}

TEST_CASE("the area is that under the curve") {
    const auto points = roc_curve(first, labels);
    double area = 0;
    for (std::size_t i = 1; i < points.size(); ++i)
        area += (points[i].false_positive_rate - points[i - 1].false_positive_rate) *
                (points[i].true_positive_rate + points[i - 1].true_positive_rate) / 2;
    CHECK(auc(first, labels) == Approx(area).epsilon(1e-13));
}

TEST_CASE("DeLong's interval equals pROC's") {
    const auto a = auc_delong(first, labels);
    CHECK(a.value == Approx(0.803819444444).epsilon(1e-11));
    CHECK(a.interval.lower == Approx(0.692879850375).epsilon(1e-10));
    CHECK(a.interval.upper == Approx(0.914759038514).epsilon(1e-10));
    const auto b = auc_delong(second, labels);
    CHECK(b.interval.lower == Approx(0.577856519216).epsilon(1e-10));
    CHECK(b.interval.upper == Approx(0.843439777080).epsilon(1e-10));
    const auto wide = auc_delong(first, labels, 0.999999);
    CHECK(wide.interval.upper == 1);
}

TEST_CASE("classes without an overlap leave DeLong no width") {
    const auto apart = auc_delong(std::vector<double>{1, 2, 3, 4}, std::vector<std::uint8_t>{0, 0, 1, 1});
    CHECK(apart == estimate{1, {1, 1}});
}

TEST_CASE("DeLong's paired test equals pROC's") {
    const auto found = compare_auc(first, second, labels);
    CHECK(found.z == Approx(1.0702070748080).epsilon(1e-10));
    CHECK(found.p_value == Approx(0.2845261105521).epsilon(1e-10));
    CHECK(found.interval.lower == Approx(-0.0774614620102).epsilon(1e-9));
    CHECK(found.interval.upper == Approx(0.2638040546028).epsilon(1e-10));
    const auto same = compare_auc(first, first, labels);
    CHECK(same.z == 0);
    CHECK(same.p_value == 1);
    const std::vector<double> right{1, 2, 3, 4}, wrong{4, 3, 2, 1};
    const auto opposite = compare_auc(right, wrong, std::vector<std::uint8_t>{0, 0, 1, 1});
    CHECK(std::isinf(opposite.z));
    CHECK(opposite.p_value == 0);
}

TEST_CASE("the bootstrap is near DeLong, follows its seed and keeps both classes") {
    const auto one = auc_bootstrap(first, labels, {.resamples = 2000, .seed = 7});
    CHECK(one == auc_bootstrap(first, labels, {.resamples = 2000, .seed = 7}));
    CHECK(one != auc_bootstrap(first, labels, {.resamples = 2000, .seed = 8}));
    CHECK(one.interval.lower == Approx(0.693).epsilon(0.03));
    CHECK(one.interval.upper == Approx(0.915).epsilon(0.03));
    const auto tiny = auc_bootstrap(std::vector<double>{1, 2, 3}, std::vector<std::uint8_t>{0, 1, 0});
    CHECK(tiny.value == 0.5);
    CHECK(tiny.interval.lower >= 0);
    CHECK(tiny.interval.upper <= 1);
}

TEST_CASE("a resample's area is that of the cases drawn") {
    const std::vector<std::size_t> strata(labels.begin(), labels.end());
    std::vector<std::uint32_t> chosen(labels.size());
    stratified_bootstrap(strata, 3).choose(0, chosen);
    std::vector<double> drawn;
    std::vector<std::uint8_t> drawn_labels;
    for (const auto i : chosen) {
        drawn.push_back(first[i]);
        drawn_labels.push_back(labels[i]);
    }
    const auto found = auc_bootstrap(first, labels, {.resamples = 1, .seed = 3});
    CHECK(found.interval.lower == Approx(auc(drawn, drawn_labels)).epsilon(1e-13));
}

TEST_CASE("a hundred thousand cases take no time to speak of") {
    random_stream random(1);
    std::vector<double> scores;
    std::vector<std::uint8_t> truth;
    for (int i = 0; i < 100000; ++i) {
        truth.push_back(random.below(2) == 1);
        scores.push_back(random.uniform() + 0.2 * truth.back());
    }
    const auto found = auc_delong(scores, truth);
    CHECK(found.value == Approx(0.68).epsilon(0.01)); // of uniforms shifted by 0.2: 1 - 0.8² / 2
    CHECK(found.interval.upper - found.interval.lower < 0.01);
}

TEST_CASE("wrong options and too few cases are named") {
    const std::vector<double> scores{0.1, 0.4, 0.3};
    const std::vector<std::uint8_t> truth{0, 1, 0};
    CHECK_THROWS_WITH_AS((void)auc_delong(scores, truth), doctest::Contains("at least 2 of either class"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)auc_delong(first, labels, 95), doctest::Contains("level must lie between"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)auc_bootstrap(scores, truth, {.resamples = 0}), doctest::Contains("resamples"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)compare_auc(first, scores, labels), doctest::Contains("compare_auc (second)"),
                         std::invalid_argument);
}

TEST_CASE("scores of any magnitude are ranked alike, and resamples are bounded") {
    const std::vector<std::uint8_t> labels{0, 0, 1, 1};
    const std::vector<double> scores{-1e308, 5e-324, 1e-308, 1e308};
    CHECK(auc(scores, labels) == 1);
    CHECK(compare_auc(scores, std::vector<double>{0, 1e-308, 5e-324, 1}, labels).second == 0.75);
    for (const std::size_t resamples :
         {std::size_t{0}, std::size_t{10'000'001}, std::numeric_limits<std::size_t>::max()})
        CHECK_THROWS_AS((void)auc_bootstrap(scores, labels, {.resamples = resamples}), std::invalid_argument);
}
