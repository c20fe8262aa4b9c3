#include <groundglass/lungs/part_names.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::lungs;

TEST_CASE("part_by_name: lobes and lungs by their names") {
    using kind = named_part::kind;
    const std::pair<const char*, named_part> known[] = {
        {"lung_upper_lobe_left", {kind::lobe, 1}},
        {"lung_lower_lobe_left", {kind::lobe, 2}},
        {"lung_upper_lobe_right", {kind::lobe, 3}},
        {"lung_middle_lobe_right", {kind::lobe, 4}},
        {"lung_lower_lobe_right", {kind::lobe, 5}},
        {"Left-Superior-Lobe", {kind::lobe, 1}},
        {"RML", {kind::lobe, 4}},
        {"lul_mask", {kind::lobe, 1}},
        {"lung_left", {kind::lung, 1}},
        {"Right Lung", {kind::lung, 2}},
        {"lungs", {kind::lungs, 1}},
        {"lung", {kind::lungs, 1}},
    };
    for (const auto& [name, part] : known) {
        CAPTURE(name);
        CHECK(part_by_name(name) == part);
    }
    for (const auto* name :
         {"", "lung_vessels", "lung_middle_lobe_left", "lml", "kidney_left", "upper_lobe", "lung_left_right",
          "trachea", "heart_atrium_left", "lung_upper_lower_lobe_left"}) {
        CAPTURE(name);
        CHECK_FALSE(part_by_name(name));
    }
}
