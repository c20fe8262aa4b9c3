#include <groundglass/statistics/cohort.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

using groundglass::statistics::check_cohort;

TEST_CASE("a cohort that can't be fitted is named") {
    const auto wrong = [](const std::vector<double>& values, std::size_t labels, const char* what) {
        CHECK_THROWS_WITH_AS((void)check_cohort("fit", values, labels), doctest::Contains(what),
                             std::invalid_argument);
    };
    wrong({0.1, 0.2}, 3, "fit: 2 values need as many labels, found 3");
    wrong({}, 0, "at least two patients");
    wrong({0.1}, 1, "at least two patients are needed, found 1");
    wrong({0.1, std::nan("")}, 2, "value 1 is nan");
    wrong({-HUGE_VAL, 0.1}, 2, "value 0 is -inf");
    wrong({0.1, 0.1, 0.1}, 3, "all values are 0.1");
}

TEST_CASE("percent is told from fractions") {
    CHECK(check_cohort("fit", std::vector<double>{0.0, 1.0}, 2).empty());
    CHECK(check_cohort("fit", std::vector<double>{-3, 40}, 2).empty());
    const auto notes = check_cohort("fit", std::vector<double>{0.5, 40}, 2);
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].code == "looks_like_percent");
    CHECK(notes[0].level == groundglass::note_level::warning);
}
