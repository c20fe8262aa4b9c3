#include <groundglass/quantification/measure_change.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

using namespace groundglass::quantification;

namespace {

constexpr double unknown_bound = std::numeric_limits<double>::quiet_NaN();
/// The 95th percentile of the normal distribution.
constexpr double score = 1.6448536269514722;

/// Differences of true values that are drawn as the kernel describes them.
std::vector<double> drawn(const bounded_measure& first, const bounded_measure& second, double shared) {
    std::mt19937_64 random(7);
    std::normal_distribution<double> normal;
    const auto value = [](const bounded_measure& m, double u) {
        return m.value + u * (u < 0 ? m.value - m.lower : m.upper - m.value) / score;
    };
    std::vector<double> result(200'000);
    for (auto& change : result) {
        const double u = normal(random), other = normal(random);
        change = value(second, shared * u + std::sqrt(1 - shared * shared) * other) - value(first, u);
    }
    std::sort(result.begin(), result.end());
    return result;
}

} // namespace

TEST_CASE("change_between: two symmetric intervals add as variances, with what they share taken off") {
    const bounded_measure first{100, 100 - score * 6, 100 + score * 6};
    const bounded_measure second{130, 130 - score * 8, 130 + score * 8};
    for (const double shared : {0.0, 0.3, 0.6, 0.95}) {
        const double sd = std::sqrt(36 + 64 - 2 * shared * 48);
        const auto change = change_between(first, second, 12, {.shared = shared});
        CHECK(change.difference == 30);
        CHECK(change.relative_percent == 30);
        CHECK(change.lower == doctest::Approx(30 - score * sd).epsilon(1e-9));
        CHECK(change.upper == doctest::Approx(30 + score * sd).epsilon(1e-9));
        CHECK(change.more == doctest::Approx(0.5 * std::erfc((12 - 30) / sd / std::sqrt(2.0))).epsilon(1e-9));
        CHECK(change.less == doctest::Approx(0.5 * std::erfc((30 + 12) / sd / std::sqrt(2.0))).epsilon(1e-9));
        CHECK(change.less + change.same + change.more == doctest::Approx(1));
    }
}

TEST_CASE("change_between: skewed intervals, as by drawing") {
    const std::vector<std::vector<bounded_measure>> pairs{
        {{50, 44, 80}, {90, 60, 95}}, {{50, 50, 80}, {40, 10, 40}}, {{0, 0, 12}, {200, 150, 320}}};
    for (const auto& pair : pairs)
        for (const double shared : {0.0, 0.5, 0.9}) {
            const auto change = change_between(pair[0], pair[1], 5, {.shared = shared});
            const auto found = drawn(pair[0], pair[1], shared);
            const double size = static_cast<double>(found.size()), range = found.back() - found.front();
            const auto share = [&](double limit) {
                return static_cast<double>(std::lower_bound(found.begin(), found.end(), limit) -
                                           found.begin()) /
                       size;
            };
            const double lower = std::min(found[found.size() / 20], change.difference);
            const double upper = std::max(found[found.size() * 19 / 20], change.difference);
            CHECK(std::abs(change.lower - lower) < 0.01 * range);
            CHECK(std::abs(change.upper - upper) < 0.01 * range);
            CHECK(std::abs(change.less - share(-5)) < 0.005);
            CHECK(std::abs(change.more - (1 - share(5))) < 0.005);
        }
}

TEST_CASE("change_between: turned round in time it is the same change") {
    const bounded_measure first{50, 44, 80}, second{90, 60, 95};
    const auto there = change_between(first, second, 3, {.shared = 0.4});
    const auto back = change_between(second, first, 3, {.shared = 0.4});
    CHECK(back.difference == -there.difference);
    CHECK(back.lower == doctest::Approx(-there.upper).epsilon(1e-7));
    CHECK(back.upper == doctest::Approx(-there.lower).epsilon(1e-7));
    CHECK(back.more == doctest::Approx(there.less).epsilon(1e-7));
}

TEST_CASE("change_between: values without error, and without known error") {
    const auto sure = change_between({10, 10, 10}, {12, 12, 12}, 2);
    CHECK(sure.same == doctest::Approx(1));
    CHECK(sure.lower == doctest::Approx(2));
    CHECK(sure.upper == doctest::Approx(2));
    CHECK(change_between({10, 10, 10}, {12.5, 12.5, 12.5}, 2).more == doctest::Approx(1));
    CHECK(change_between({10, 10, 10}, {7.5, 7.5, 7.5}, 2).less == doctest::Approx(1));
    const auto unknown = change_between({0, unknown_bound, unknown_bound}, {12, 10, 14}, 2);
    CHECK(unknown.difference == 12);
    CHECK(std::isnan(unknown.relative_percent));
    CHECK(std::isnan(unknown.lower));
    CHECK(std::isnan(unknown.same));
}

TEST_CASE("change_between: what is out of range is refused") {
    const bounded_measure fine{10, 8, 12};
    CHECK_THROWS_AS(static_cast<void>(change_between({unknown_bound}, fine, 0)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(change_between({10, 11, 12}, fine, 0)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(change_between({10, 8, unknown_bound}, fine, 0)),
                    std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(change_between(fine, fine, -1)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(change_between(fine, fine, unknown_bound)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(change_between(fine, fine, 0, {.coverage = 1})), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(change_between(fine, fine, 0, {.shared = 1})), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(change_between(fine, fine, 0, {.shared = -0.1})),
                    std::invalid_argument);
}
