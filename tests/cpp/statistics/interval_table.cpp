#include <groundglass/statistics/interval_table.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

namespace {

interval_table_options four_intervals() {
    interval_table_options options;
    options.edges = {0, 0.25, 0.5, 0.75, 1};
    return options;
}

interval_counts some_counts() { return {{1, 0, 4, 5}, {9, 0, 4, 0}}; }

/// The numbers of the array that follows `"key":` in a JSON text.
std::vector<double> array_of(const std::string& text, const std::string& key) {
    const auto begin = text.find('[', text.find('"' + key + '"'));
    std::string numbers = text.substr(begin + 1, text.find(']', begin) - begin - 1);
    std::replace(numbers.begin(), numbers.end(), ',', ' ');
    std::istringstream stream(numbers);
    std::vector<double> result;
    for (double value = 0; stream >> value;) result.push_back(value);
    return result;
}

} // namespace

TEST_CASE("counts become frequencies, probabilities and bounds; an empty interval says so") {
    const auto table = interval_table::from_counts(some_counts(), four_intervals());
    const auto& rows = table.rows();
    CHECK(rows[0].positive_frequency == doctest::Approx(0.1));
    CHECK(rows[0].negative_frequency == doctest::Approx(9.0 / 13));
    CHECK(rows[0].prior_free == doctest::Approx(0.1 / (0.1 + 9.0 / 13)));
    CHECK(rows[0].probability == doctest::Approx(0.1));
    const auto wilson = binomial_bounds(1, 10);
    CHECK(rows[0].lower == doctest::Approx(wilson.lower));
    CHECK(rows[0].upper == doctest::Approx(wilson.upper));
    CHECK(std::isnan(rows[1].probability));
    CHECK(std::isnan(rows[1].prior_free));
    CHECK(rows[1].lower == 0);
    CHECK(rows[1].upper == 1);
    CHECK(rows[3].probability == 1);
    CHECK(rows[3].upper == 1);
    CHECK(rows[3].lower == doctest::Approx(binomial_bounds(5, 5).lower));
    CHECK(table(0.25).start == 0.25);
    CHECK((0.7 | table).positive == 4);
}

TEST_CASE("a prevalence moves probability and bounds by Bayes' rule") {
    auto options = four_intervals();
    options.prevalence = 0.5;
    const auto even = interval_table::from_counts(some_counts(), options);
    for (std::size_t i : {0, 2, 3})
        CHECK(even.rows()[i].probability == doctest::Approx(even.rows()[i].prior_free));
    options.prevalence = 10.0 / 23; // the cohort's own
    const auto own = interval_table::from_counts(some_counts(), options);
    CHECK(own.rows()[2].probability == doctest::Approx(0.5));
    options.prevalence = 0.01;
    const auto rare = interval_table::from_counts(some_counts(), options);
    CHECK(rare.rows()[2].probability == doctest::Approx(0.01 * 0.4 / (0.01 * 0.4 + 0.99 * 4.0 / 13)));
    CHECK(rare.rows()[2].lower < rare.rows()[2].probability);
    CHECK(rare.rows()[2].upper > rare.rows()[2].probability);
}

TEST_CASE("smoothing pools neighbours' counts") {
    auto options = four_intervals();
    options.smoothing = {.window = 3, .degree = 0};
    const auto table = interval_table::from_counts(some_counts(), options);
    CHECK(table.rows()[1].probability == doctest::Approx(5.0 / 18));
    CHECK(table.rows()[1].lower == doctest::Approx(binomial_bounds(5, 18).lower));
    CHECK(table.rows()[2].probability == doctest::Approx(9.0 / 13));
    CHECK(table.rows()[1].positive == 0); // the counts shown are the interval's own
}

TEST_CASE("isotonic regression rises, pools and keeps gaps honest") {
    auto options = four_intervals();
    options.isotonic = true;
    const auto rising = interval_table::from_counts(some_counts(), options);
    CHECK(rising.rows()[2].probability == doctest::Approx(0.5));
    CHECK(std::isnan(rising.rows()[1].probability));
    CHECK(rising.rows()[1].lower == rising.rows()[0].lower);
    CHECK(rising.rows()[1].upper == rising.rows()[2].upper);
    const auto pooled = interval_table::from_counts({{8, 0, 2, 5}, {2, 0, 8, 0}}, options);
    for (std::size_t i : {0, 1, 2}) {
        CHECK(pooled.rows()[i].probability == doctest::Approx(0.5));
        CHECK(pooled.rows()[i].lower == doctest::Approx(binomial_bounds(10, 20).lower));
    }
}

TEST_CASE("fractions and labels are fitted; what lies outside is told") {
    const std::vector<double> fractions{0.1, 0.3, 0.8, 0.9, 40};
    const std::vector<std::uint8_t> labels{0, 0, 1, 1, 1};
    const interval_table table(fractions, labels, four_intervals());
    CHECK(table(0.1).probability == 0);
    CHECK(table(1.0).positive == 2);
    CHECK(table(1.0).positive_frequency == doctest::Approx(2.0 / 3));
    REQUIRE(table.notes().size() == 2);
    CHECK(table.notes()[0].code == "looks_like_percent");
    CHECK(table.notes()[1].code == "outside_edges");
    CHECK(table == interval_table::from_counts(table.counts(), table.options()));
    CHECK_THROWS_WITH_AS((void)table(1.2), doctest::Contains("not in percent"), std::invalid_argument);
    CHECK_THROWS_AS((void)table(std::nan("")), std::invalid_argument);
}

TEST_CASE("the published table comes out of the published counts") {
    std::ifstream file(GROUNDGLASS_SHARED_DATA "/../spec/golden/interval-probability.json");
    if (!file) {
        MESSAGE("skipped: the published table is not here");
        return;
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto published = array_of(text, "published");
    interval_counts counts;
    for (double n : array_of(text, "counts_not_extensive"))
        counts.negative.push_back(static_cast<std::size_t>(n));
    REQUIRE(counts.negative.size() == 99);
    // Of the 66 extensive patients only the number of filled intervals counts, 29.
    counts.positive.assign(99, 0);
    for (std::size_t i = 0; i < 66; ++i) ++counts.positive[i % 29];
    const auto table = interval_table::from_counts(counts, interval_table_options::compatible());
    for (std::size_t i = 0; i < 99; ++i) {
        CHECK(std::abs(table.rows()[i].probability - published[i]) < 2e-5);
        CHECK(table.rows()[i].lower <= table.rows()[i].probability);
        CHECK(table.rows()[i].upper >= table.rows()[i].probability);
    }
    CHECK(table(0.995).start == 0.98);
    CHECK(table(1.3).start == 0.98);
}

TEST_CASE("wrong options are named") {
    const auto wrong = [](interval_table_options options, const char* what) {
        CHECK_THROWS_WITH_AS((void)interval_table::from_counts(some_counts(), options),
                             doctest::Contains(what), std::invalid_argument);
    };
    auto options = four_intervals();
    options.prevalence = 1.0;
    wrong(options, "prevalence");
    options = four_intervals();
    options.bounds.level = 0;
    wrong(options, "level");
    options = four_intervals();
    options.smoothing = {.window = 5, .degree = 1};
    wrong(options, "window of 5 is longer than the 4 intervals");
    options.smoothing = {.window = 3, .degree = 1, .deriv = 1};
    wrong(options, "deriv 0");
    options = four_intervals();
    options.recipe = interval_recipe::published;
    wrong(options, "longer than the series of 4");
    wrong({}, "100 intervals need as many counts");
    CHECK_THROWS_WITH_AS((void)interval_table::from_counts({{0, 0, 0, 0}, {1, 0, 0, 0}}, four_intervals()),
                         doctest::Contains("0 positive and 1 negative"), std::invalid_argument);
}

TEST_CASE("huge fractions, counts and prevalences: exact, or refused") {
    interval_table_options options;
    options.edges = {-1.7e308, -1e308, 0, 5e-324, 1e308, 1.7e308};
    const interval_table table(std::vector<double>{-1.7e308, 0, 5e-324, 1e308, 1.7e308},
                               std::vector<std::uint8_t>{0, 1, 0, 1, 1}, options);
    CHECK(table.counts().positive == std::vector<std::size_t>{0, 0, 1, 0, 2});
    CHECK(table.counts().negative == std::vector<std::size_t>{1, 0, 0, 1, 0});
    CHECK_THROWS_WITH_AS((void)table(1.75e308), doctest::Contains("found 1.75e+308"), std::invalid_argument);

    options.edges = {0, 0.5, 1};
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    for (const std::size_t count : {most, most / 2 + 1, std::size_t{1} << 53})
        CHECK_THROWS_WITH_AS((void)interval_table::from_counts({{count, count}, {1, 1}}, options),
                             doctest::Contains("more than 2^53"), std::invalid_argument);
    const std::size_t half = std::size_t{1} << 52;
    const auto large = interval_table::from_counts({{half, half / 2}, {half, half}}, options);
    CHECK(large.rows()[0].probability == 0.5);
    CHECK(large.rows()[1].upper == doctest::Approx(1.0 / 3));
    for (const double prevalence : {5e-324, 1e-308, 1 - 0x1p-53}) {
        options.prevalence = prevalence;
        const auto rare = interval_table::from_counts({{0, 3}, {300, 0}}, options);
        CHECK(rare.rows()[0].probability == 0);
        CHECK(rare.rows()[1].probability == 1);
        for (const auto& row : rare.rows())
            CHECK((row.lower >= 0 && row.lower <= row.upper && row.upper <= 1));
    }
    CHECK_THROWS_AS((void)published_probability(std::vector<double>(20, 0.1), std::vector<double>(19, 0.1)),
                    std::invalid_argument);
}
