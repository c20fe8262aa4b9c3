#include <groundglass/statistics/bootstrap.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

TEST_CASE("a stream is the same everywhere, and streams differ") {
    random_stream first(7), again(7), other(7, 1);
    const auto a = first.next();
    CHECK(a == again.next());
    CHECK(a != other.next());
    random_stream pinned(42, 3);
    CHECK(pinned.next() == 18113767796168712807ULL);
    CHECK(pinned.next() == 8497818847096529425ULL);
    CHECK(pinned.next() == 10325284378182002717ULL);
    CHECK(pinned.below(10) == 3);
    CHECK(pinned.below(1000) == 78);
    static_assert([] {
        random_stream r(1, 2);
        return r.below(1) == 0 && r.uniform() < 1;
    }());
}

TEST_CASE("numbers below a bound are equally frequent") {
    random_stream random(3);
    std::vector<int> seen(7);
    for (int i = 0; i < 70000; ++i) ++seen[random.below(7)];
    for (int n : seen) CHECK(std::abs(n - 10000) < 400); // four standard deviations
    double sum = 0;
    for (int i = 0; i < 40000; ++i) sum += random.uniform();
    CHECK(sum / 40000 == doctest::Approx(0.5).epsilon(0.01));
}

TEST_CASE("a stratified resample keeps every stratum's size") {
    const std::vector<std::size_t> strata{0, 2, 0, 2, 0, 1, 2, 0};
    const stratified_bootstrap bootstrap(strata, 5);
    std::vector<std::uint32_t> times(strata.size()), chosen(strata.size());
    bool out_of_bag = false;
    for (std::size_t index = 0; index < 50; ++index) {
        bootstrap.count(index, times);
        bootstrap.choose(index, chosen);
        std::vector<std::uint32_t> counted(strata.size());
        for (auto item : chosen) ++counted[item];
        CHECK(counted == times);
        CHECK(times[0] + times[2] + times[4] + times[7] == 4);
        CHECK(times[5] == 1);
        CHECK(times[1] + times[3] + times[6] == 3);
        out_of_bag |= times[0] == 0;
    }
    CHECK(out_of_bag);
    CHECK_THROWS_AS(stratified_bootstrap(std::vector<std::size_t>{}), std::invalid_argument);
}

TEST_CASE("quantiles interpolate as NumPy's") {
    CHECK(quantile({4, 1, 3, 2}, 0.5) == 2.5);
    CHECK(quantile({4, 1, std::nan(""), 3, 2}, 1.0) == 4);
    CHECK(quantile({1, 2, 4}, 0.75) == 3);
    CHECK(std::isnan(quantile({}, 0.5)));
    std::vector<double> hundred(101);
    std::iota(hundred.begin(), hundred.end(), 0.0);
    const auto interval = percentile_interval(hundred, 0.9);
    CHECK(interval.lower == doctest::Approx(5));
    CHECK(interval.upper == doctest::Approx(95));
    CHECK_THROWS_WITH_AS((void)percentile_interval(hundred, 95), doctest::Contains("level"),
                         std::invalid_argument);
}

TEST_CASE("strata, places and shares out of range are named") {
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    for (const std::size_t stratum : {std::size_t{3}, std::size_t{1'000'000'000'000}, most})
        CHECK_THROWS_WITH_AS(stratified_bootstrap(std::vector<std::size_t>{0, stratum, 1}),
                             doctest::Contains(("found " + std::to_string(stratum)).c_str()),
                             std::invalid_argument);
    const stratified_bootstrap bootstrap(std::vector<std::size_t>{0, 1, 1});
    std::vector<std::uint32_t> places(2);
    CHECK_THROWS_AS(bootstrap.count(0, places), std::invalid_argument);
    CHECK_THROWS_AS(bootstrap.choose(0, places), std::invalid_argument);
    for (const double share : {-0.1, 1.1, 1e300, std::nan("")})
        CHECK_THROWS_AS((void)quantile({1, 2}, share), std::invalid_argument);
    CHECK(quantile({-1.7e308, 1.7e308}, 0.5) == 0);
    CHECK(quantile({1.5e308, 1.7e308}, 0.5) == doctest::Approx(1.6e308));
}
