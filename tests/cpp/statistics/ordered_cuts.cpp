#include "random_cohort.hpp"
#include <groundglass/statistics/ordered_cuts.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <set>
#include <stdexcept>
#include <vector>

using namespace groundglass;
using namespace groundglass::statistics;

namespace {

/// Every ascending set of places, in lexicographic order.
template <class Take>
void each_set(std::size_t cuts, std::size_t from, std::size_t last, std::vector<std::size_t>& places,
              Take take) {
    if (places.size() == cuts) return take(places);
    for (std::size_t place = from; place <= last; ++place) {
        places.push_back(place);
        each_set(cuts, place, last, places, take);
        places.pop_back();
    }
}

} // namespace

TEST_CASE("the search equals the trial of all cuts, for whole-numbered gains") {
    random_stream random(11);
    for (int round = 0; round < 600; ++round) {
        const std::size_t classes = 2 + random.below(3), size = 1 + random.below(6);
        ordered_cells cells{classes, {}};
        assignment_gain gain(classes);
        for (std::size_t i = 0; i < classes * size; ++i) cells.counts.push_back(random.below(4));
        for (std::size_t c = 0; c < classes; ++c)
            for (std::size_t j = 0; j < classes; ++j) gain(c, j) = static_cast<double>(random.below(5)) - 2;
        const cut_places places{0, size};

        double most = -1e9;
        std::vector<std::vector<std::size_t>> best;
        std::vector<std::size_t> work;
        each_set(classes - 1, 0, size, work, [&](const std::vector<std::size_t>& at) {
            double total = 0;
            for (std::size_t cell = 0; cell < size; ++cell) {
                const auto assigned = static_cast<std::size_t>(
                    std::count_if(at.begin(), at.end(), [&](std::size_t p) { return p <= cell; }));
                for (std::size_t c = 0; c < classes; ++c)
                    total += cells.counts[cell * classes + c] * gain(c, assigned);
            }
            if (total > most) best.clear(), most = total;
            if (total == most) best.push_back(at);
        });

        const ordered_cuts search(cells, gain, places);
        CHECK(search.total() == doctest::Approx(most));
        CHECK(search.places() == best.front());
        for (std::size_t cut = 0; cut + 1 < classes; ++cut) {
            std::set<std::size_t> expected;
            for (const auto& at : best) expected.insert(at[cut]);
            CHECK(search.all_places()[cut] == std::vector<std::size_t>(expected.begin(), expected.end()));
        }
        std::vector<std::vector<std::size_t>> seen;
        search.each_best([&](const std::vector<std::size_t>& at) {
            seen.push_back(at);
            return true;
        });
        for (const auto& at : seen) CHECK(std::find(best.begin(), best.end(), at) != best.end());
        CHECK(seen.front() == best.front());
    }
}

TEST_CASE("places can be held within bounds") {
    const ordered_cells cells{2, {5, 0, 5, 0, 0, 5}};
    const assignment_gain gain{2, {1, 0, 0, 1}};
    CHECK(ordered_cuts(cells, gain, {0, 3}).places() == std::vector<std::size_t>{2});
    CHECK(ordered_cuts(cells, gain, {0, 1}).places() == std::vector<std::size_t>{1});
    CHECK(ordered_cuts(cells, gain, {3, 3}).places() == std::vector<std::size_t>{3});
}

TEST_CASE("cells, gains and places that do not fit are named") {
    const ordered_cells cells{2, {5, 0, 5, 0, 0, 5}};
    assignment_gain gain(2);
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    CHECK_THROWS_AS((void)gain(2, 0), std::invalid_argument);
    CHECK_THROWS_AS((void)gain(0, most), std::invalid_argument);
    CHECK_THROWS_AS(assignment_gain(2, {1, 2, 3}), std::invalid_argument);
    CHECK_THROWS_AS(ordered_cuts(ordered_cells{}, gain, {0, 0}), std::invalid_argument);
    CHECK_THROWS_AS(ordered_cuts({2, {1, 2, 3}}, gain, {0, 1}), std::invalid_argument);
    CHECK_THROWS_AS(ordered_cuts(cells, assignment_gain(3), {0, 3}), std::invalid_argument);
    CHECK_THROWS_AS(ordered_cuts(cells, gain, {0, 4}), std::invalid_argument);
    CHECK_THROWS_AS(ordered_cuts(cells, gain, {0, most}), std::invalid_argument);
    CHECK_THROWS_AS(ordered_cuts(cells, gain, {2, 1}), std::invalid_argument);
}
