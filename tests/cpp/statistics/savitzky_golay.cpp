#include <groundglass/statistics/savitzky_golay.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

namespace {

const double nan_value = std::nan("");

std::vector<double> cubic(std::size_t n, double delta = 1) {
    std::vector<double> series(n);
    for (std::size_t i = 0; i < n; ++i) {
        const double x = delta * static_cast<double>(i);
        series[i] = 1 - x + 0.25 * x * x - 0.01 * x * x * x;
    }
    return series;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
    return a.size() == b.size() ? largest : 1;
}

} // namespace

TEST_CASE("weights of (7, 1) are sevenths, those of (17, 15) the exact ones") {
    for (double weight : savitzky_golay({.window = 7, .degree = 1}).weights(3)) CHECK(weight == 1.0 / 7);
    // From rational arithmetic: the middle weight of a window of 2h+1 at degree 2h-2 or 2h-1.
    const auto weights = savitzky_golay({.window = 17, .degree = 15}).weights(8);
    const double whole = 601080390; // C(32, 16)
    double expected = 165636900;    // C(16, 8)²
    CHECK(std::abs(weights[8] - (1 - expected / whole)) < 1e-15);
    const double neighbour = 12870.0 * 11440.0; // C(16, 8) C(16, 7)
    CHECK(std::abs(weights[9] - neighbour / whole) < 1e-15);
}

TEST_CASE("weights add up to one where a fit by powers of x has lost them") {
    for (auto [window, degree] : {std::pair{51, 10}, {101, 20}, {101, 60}, {101, 100}}) {
        const savitzky_golay stage({.window = std::size_t(window), .degree = std::size_t(degree)});
        for (std::size_t position = 0; position < std::size_t(window); position += 25) {
            const auto weights = stage.weights(position);
            CHECK(std::abs(std::accumulate(weights.begin(), weights.end(), 0.0) - 1) < 1e-13);
        }
    }
}

TEST_CASE("a polynomial of the degree passes unchanged, ends included, and its derivatives are right") {
    const auto series = cubic(23, 0.5);
    CHECK(largest_difference(savitzky_golay({.window = 9, .degree = 3})(series), series) < 1e-13);
    const auto slope = savitzky_golay({.window = 9, .degree = 3, .deriv = 1, .delta = 0.5})(series);
    const auto bend = savitzky_golay({.window = 9, .degree = 4, .deriv = 2, .delta = 0.5})(series);
    for (std::size_t i = 0; i < series.size(); ++i) {
        const double x = 0.5 * static_cast<double>(i);
        CHECK(slope[i] == doctest::Approx(-1 + 0.5 * x - 0.03 * x * x).epsilon(1e-12));
        CHECK(bend[i] == doctest::Approx(0.5 - 0.06 * x).epsilon(1e-11));
    }
}

TEST_CASE("each mode continues the series in its own way") {
    const std::vector<double> series{1, 2, 4, 8, 16};
    const auto first_and_last = [&](edge_mode mode) {
        const auto r = savitzky_golay({.window = 5, .degree = 1, .mode = mode, .cval = 10})(series);
        CHECK(r[2] == doctest::Approx(31.0 / 5));
        return std::pair{5 * r.front(), 5 * r.back()};
    };
    const auto check = [&](edge_mode mode, double first, double last) {
        const auto found = first_and_last(mode);
        CHECK(found.first == doctest::Approx(first));
        CHECK(found.second == doctest::Approx(last));
    };
    check(edge_mode::mirror, 4 + 2 + 1 + 2 + 4, 4 + 8 + 16 + 8 + 4);
    check(edge_mode::nearest, 1 + 1 + 1 + 2 + 4, 4 + 8 + 16 + 16 + 16);
    check(edge_mode::constant, 10 + 10 + 1 + 2 + 4, 4 + 8 + 16 + 10 + 10);
    check(edge_mode::wrap, 8 + 16 + 1 + 2 + 4, 4 + 8 + 16 + 1 + 2);
    check(edge_mode::interp, 5 * (6.2 - 2 * 3.6),
          5 * (6.2 + 2 * 3.6)); // the line through all five: slope 3.6
}

TEST_CASE("a missing value: kept, filled or propagated") {
    auto series = cubic(30);
    const auto whole = series;
    series[0] = series[12] = series[13] = nan_value;
    const auto count = [](const std::vector<double>& r) {
        return std::count_if(r.begin(), r.end(), [](double v) { return std::isnan(v); });
    };
    const savitzky_golay_options options{.window = 7, .degree = 3};
    auto kept = savitzky_golay(options)(series);
    CHECK(count(kept) == 3);
    CHECK(std::isnan(kept[12]));
    kept[0] = whole[0], kept[12] = whole[12], kept[13] = whole[13];
    CHECK(largest_difference(kept, whole) < 1e-11);

    auto filling = options;
    filling.missing = missing_rule::fill;
    CHECK(largest_difference(savitzky_golay(filling)(series), whole) < 1e-11);

    auto strict = options;
    strict.missing = missing_rule::propagate;
    CHECK(count(savitzky_golay(strict)(series)) == 4 + 8); // the first window's end and 12 - 3 ... 13 + 3

    // Four values can't carry a cubic when one of them is missing.
    std::vector<double> sparse(7, nan_value);
    sparse[0] = sparse[3] = sparse[6] = 1;
    CHECK(count(savitzky_golay(filling)(sparse)) == 7);
    sparse[5] = 1;
    CHECK(count(savitzky_golay(filling)(sparse)) == 0);
}

TEST_CASE("places of any spacing: a cubic passes, even places equal the plain filter") {
    std::vector<double> places, values;
    for (int i = 0; i < 25; ++i) {
        places.push_back(i + 0.3 * std::sin(3.0 * i));
        values.push_back(std::pow(places.back() - 10, 3));
    }
    const savitzky_golay stage({.window = 7, .degree = 3});
    CHECK(largest_difference(stage(values, places), values) < 1e-10);
    const auto slope = savitzky_golay({.window = 7, .degree = 3, .deriv = 1})(values, places);
    for (std::size_t i = 0; i < places.size(); ++i)
        CHECK(slope[i] == doctest::Approx(3 * std::pow(places[i] - 10, 2)).epsilon(1e-9));

    for (int i = 0; i < 25; ++i) places[static_cast<std::size_t>(i)] = 0.1 * i;
    const savitzky_golay derivative({.window = 7, .degree = 3, .deriv = 1, .delta = 0.1});
    CHECK(largest_difference(derivative(values, places), derivative(values)) < 1e-9);
}

TEST_CASE("float32 comes back as float32, and a pipe applies the stage") {
    const std::vector<float> series{1, 2, 3, 4, 5, 6, 7, 8};
    const std::vector<float> smooth = series | savitzky_golay({.window = 5, .degree = 2});
    CHECK(std::abs(smooth[0] - 1) < 1e-6F);
    CHECK(std::abs(smooth[7] - 8) < 1e-6F);
}

TEST_CASE("wrong options and series are named") {
    const auto wrong = [](savitzky_golay_options options, const char* what) {
        CHECK_THROWS_WITH_AS(savitzky_golay{options}, doctest::Contains(what), std::invalid_argument);
    };
    wrong({.window = 6}, "window must be odd, found 6");
    wrong({.window = 0}, "window must be odd");
    wrong({.window = 5, .degree = 5}, "degree must be below the window of 5");
    wrong({.window = 5, .degree = 2, .deriv = 3}, "deriv must lie in 0..2");
    wrong({.delta = 0}, "delta");
    wrong({.delta = nan_value}, "delta");
    wrong({.cval = nan_value}, "cval");
    const savitzky_golay stage({.window = 5, .degree = 2});
    CHECK_THROWS_WITH_AS((void)stage(std::vector<double>(4)),
                         doctest::Contains("longer than the series of 4"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)stage(std::vector<double>{1, 2, 3, 4, HUGE_VAL}),
                         doctest::Contains("infinite at 4"), std::invalid_argument);
    const std::vector<double> values(5), places{0, 1, 1, 2, 3};
    CHECK_THROWS_WITH_AS((void)stage(values, places), doctest::Contains("place 2 is 1"),
                         std::invalid_argument);
    CHECK_THROWS_AS((void)stage(values, std::span(places).first(4)), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)savitzky_golay({.window = 3, .mode = edge_mode::wrap})(
                             values, std::vector<double>{0, 1, 2, 3, 4}),
                         doctest::Contains("interp"), std::invalid_argument);
}

TEST_CASE("series of any magnitude keep their digits, or are refused") {
    std::vector<double> series;
    for (int i = 0; i < 40; ++i) series.push_back(std::round(1024 * std::sin(i)));
    for (const auto mode : {edge_mode::interp, edge_mode::mirror, edge_mode::nearest, edge_mode::wrap}) {
        const savitzky_golay stage({.window = 7, .degree = 3, .mode = mode});
        const auto usual = stage(series);
        for (const double unit : {0x1p-1000, 0x1p-500, 0x1p500, 0x1p1000}) {
            auto scaled = series;
            for (double& value : scaled) value *= unit;
            const auto found = stage(scaled);
            for (std::size_t i = 0; i < found.size(); ++i)
                CHECK(found[i] / unit == doctest::Approx(usual[i]).epsilon(1e-12));
        }
    }
    constexpr double largest = std::numeric_limits<double>::max();
    const savitzky_golay mean({.window = 3, .degree = 0});
    CHECK(mean(std::vector<double>{1e308, 1.5e308, 1.7e308})[1] == doctest::Approx(1.4e308));
    CHECK(mean(std::vector<double>{15e-324, 15e-324, 30e-324})[1] == 20e-324);
    CHECK_THROWS_WITH_AS((void)savitzky_golay({.window = 5, .degree = 2})(
                             std::vector<double>{-largest, largest, largest, largest, -largest}),
                         doctest::Contains("the filtered value at 2 is beyond the largest number"),
                         std::invalid_argument);
    constexpr float most = std::numeric_limits<float>::max();
    CHECK_THROWS_AS(
        (void)savitzky_golay({.window = 5, .degree = 2})(std::vector<float>{-most, most, most, most, -most}),
        std::invalid_argument);
    CHECK(savitzky_golay({.window = 3, .degree = 0, .mode = edge_mode::constant, .cval = 1e308})(
              std::vector<double>{1e308, 1e308, 1e308})[0] == doctest::Approx(1e308));
}

TEST_CASE("derivatives at any distance of the points, or a refusal") {
    for (const double delta : {1e-300, 1e-100, 1e100, 1e300}) {
        std::vector<double> line;
        for (int i = 0; i < 9; ++i) line.push_back(3 * delta * i);
        const auto slope = savitzky_golay({.window = 5, .degree = 2, .deriv = 1, .delta = delta})(line);
        for (const double value : slope) CHECK(value == doctest::Approx(3));
    }
    for (const double delta : {1e-200, 1e200, 1.7e308})
        CHECK_THROWS_WITH_AS(savitzky_golay({.window = 5, .degree = 2, .deriv = 2, .delta = delta}),
                             doctest::Contains("take another unit"), std::invalid_argument);
    const savitzky_golay slope({.window = 3, .degree = 1, .deriv = 1});
    const std::vector<double> places{-1.5e308, 0, 1.5e308};
    CHECK(slope(std::vector<double>{-15, 0, 15}, places)[1] == doctest::Approx(1e-307));
    CHECK_THROWS_AS((void)slope(std::vector<double>{-1e308, 0, 1e308}, std::vector<double>{-1e-3, 0, 1e-3}),
                    std::invalid_argument);
    CHECK_THROWS_AS((void)savitzky_golay({.window = 3, .degree = 2})(std::vector<double>{0, 1, 2},
                                                                     std::vector<double>{0, 1e-300, 1}),
                    std::invalid_argument);
}

TEST_CASE("windows that no memory holds and points beyond them are named") {
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    for (const std::size_t window : {(std::size_t{1} << 24) + 1, (std::size_t{1} << 40) + 1, most})
        CHECK_THROWS_AS(savitzky_golay({.window = window}), std::invalid_argument);
    CHECK_THROWS_AS(savitzky_golay({.window = 10001, .degree = 10000}), std::invalid_argument);
    CHECK_THROWS_AS(savitzky_golay({.window = 7, .degree = most}), std::invalid_argument);
    const savitzky_golay stage({.window = 5});
    CHECK_THROWS_AS((void)stage.weights(5), std::invalid_argument);
    CHECK_THROWS_AS((void)stage.weights(most), std::invalid_argument);
}
