#include <groundglass/volume/label_map.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

using namespace groundglass::volume;

TEST_CASE(
    "labels: a value that the enum does not name is refused, the first one and those allowed are told") {
    const std::vector<std::uint8_t> sound{0, 1, 2, 2, 1};
    CHECK_NOTHROW(check_lung_labels(sound, "x: the mask holds"));
    CHECK_NOTHROW(check_lesion_labels(sound, "x: the map holds"));
    CHECK_NOTHROW(check_part_labels(sound, 2, "x: the lobes hold"));
    CHECK_NOTHROW(check_lung_labels({}, "x: the mask holds"));
    std::vector<std::uint8_t> wrong(100);
    wrong[70] = 3;
    wrong[71] = 255;
    CHECK_THROWS_WITH_AS(check_lung_labels(wrong, "x: the mask holds"),
                         "x: the mask holds the value 3; 0 none, 1 left lung and 2 right lung are allowed",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        check_lesion_labels(wrong, "x: the map holds"),
        "x: the map holds the value 3; 0 none, 1 ground glass and 2 consolidation are allowed",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(check_part_labels(wrong, 5, "x: the lobes hold"),
                         "x: the lobes hold the value 255; 0 to 5 are allowed", std::invalid_argument);
}
