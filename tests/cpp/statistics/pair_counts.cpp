#include <groundglass/statistics/confusion_matrix.hpp>
#include <groundglass/statistics/pair_counts.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

using groundglass::statistics::count_pairs;

using numbers = std::vector<std::int64_t>;

TEST_CASE("small and other numbers are counted alike") {
    numbers first, second;
    for (std::int64_t i = 0; i < 10'001; ++i) first.push_back(i * i % 7), second.push_back(i % 5);
    const auto small = count_pairs(first, second).value();
    for (auto& value : first) value -= 1'000'000'000'000;
    for (auto& value : second) value += 100;
    const auto other = count_pairs(first, second).value();
    CHECK(other.first_low == -1'000'000'000'000);
    CHECK(other.second_low == 100);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < other.rows; ++i)
        for (std::size_t j = 0; j < other.columns; ++j) {
            CHECK(other.counts[i * other.columns + j] == small.counts[i * small.columns + j]);
            sum += other.counts[i * other.columns + j];
        }
    CHECK(sum == 10'001);
}

TEST_CASE("numbers far apart have no table") {
    const auto low = std::numeric_limits<std::int64_t>::min(),
               high = std::numeric_limits<std::int64_t>::max();
    CHECK_FALSE(count_pairs(numbers{low, high}, numbers{0, 0}));
    CHECK_FALSE(count_pairs(numbers{0, 300}, numbers{0, 300}));
    CHECK(count_pairs(numbers{low, low}, numbers{high, high - 9})->columns == 10);
    CHECK(count_pairs(numbers{0, 65'535}, numbers{7, 7})->rows == 65'536);
    CHECK_THROWS_AS(count_pairs(numbers{1}, numbers{}), std::invalid_argument);
    CHECK_THROWS_AS(count_pairs(numbers{}, numbers{}), std::invalid_argument);
}

TEST_CASE("a confusion matrix of counts is that of the cases") {
    using groundglass::statistics::confusion_matrix;
    const std::vector<std::size_t> truth{0, 1, 1, 2, 0}, predicted{0, 1, 2, 2, 1};
    const confusion_matrix of_cases(truth, predicted, 3), of_counts(3, {1, 1, 0, 0, 1, 1, 0, 0, 1});
    CHECK(of_counts.counts() == of_cases.counts());
    CHECK(of_counts.total() == 5);
    CHECK_THROWS_AS(confusion_matrix(3, {1, 2}), std::invalid_argument);
    CHECK_THROWS_AS(confusion_matrix(2, {0, 0, 0, 0}), std::invalid_argument);
    CHECK_THROWS_AS(confusion_matrix(2, {~std::uint64_t{0}, 1, 0, 0}), std::invalid_argument);
    CHECK_THROWS_AS(confusion_matrix(1, {1}), std::invalid_argument);
}
