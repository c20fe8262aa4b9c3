#include <groundglass/quantification/hounsfield_histogram.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

using namespace groundglass::quantification;

namespace {

hounsfield_histogram histogram_of(const std::vector<std::int16_t>& values) {
    hounsfield_histogram result;
    for (const auto value : values) result.add(value);
    return result;
}

std::vector<std::int16_t> random_values(unsigned seed, std::size_t count, int low, int high) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> between(low, high);
    std::vector<std::int16_t> result(count);
    for (auto& value : result) value = static_cast<std::int16_t>(between(random));
    return result;
}

} // namespace

TEST_CASE("sums and percentiles are those of the values") {
    for (unsigned seed = 0; seed < 20; ++seed) {
        // Every other round holds values that no scanner gives.
        const int edge = seed % 2 == 0 ? 1200 : 32000;
        auto values = random_values(seed, 1 + 37 * seed, -edge, edge);
        const auto histogram = histogram_of(values);
        hounsfield_sums sums;
        for (const auto value : values) sums.add(value);
        CHECK(histogram.count() == values.size());
        CHECK(histogram.sums().sum == sums.sum);
        CHECK(histogram.sums().sum_of_squares == sums.sum_of_squares);
        std::sort(values.begin(), values.end());
        for (const unsigned percent : {1u, 15u, 50u, 100u}) {
            const auto place = (percent * values.size() + 99) / 100 - 1;
            CHECK(histogram.percentile(percent) == values[place]);
        }
    }
}

TEST_CASE("parts add up to the whole") {
    const auto one = random_values(1, 500, -1100, 200), other = random_values(2, 300, -30000, 30000);
    auto all = one;
    all.insert(all.end(), other.begin(), other.end());
    auto sum = histogram_of(one);
    sum += histogram_of(other);
    auto turned = histogram_of(other);
    turned += histogram_of(one);
    const auto whole = histogram_of(all);
    for (const auto* found : {&sum, &turned}) {
        CHECK(found->count() == whole.count());
        CHECK(found->sums().sum_of_squares == whole.sums().sum_of_squares);
        CHECK(found->percentile(15) == whole.percentile(15));
    }
}

TEST_CASE("all of int16 is counted, from the lowest on") {
    using limits = std::numeric_limits<std::int16_t>;
    const auto histogram =
        histogram_of({3072, limits::max(), -1025, -1024, 3071, limits::min(), 0, limits::max()});
    std::vector<int> seen;
    histogram.visit([&](int hu, std::uint64_t count) { seen.insert(seen.end(), count, hu); });
    CHECK(seen == std::vector<int>{-32768, -1025, -1024, 0, 3071, 3072, 32767, 32767});
}

TEST_CASE("what has no percentile") {
    CHECK_THROWS_AS(static_cast<void>(histogram_of({}).percentile(15)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(histogram_of({1}).percentile(0)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(histogram_of({1}).percentile(101)), std::invalid_argument);
}
