#include <groundglass/volume/reconstruction.hpp>

#include <doctest/doctest.h>

using namespace groundglass::volume;

TEST_CASE("sharp kernels by their makers' names") {
    for (const auto* sharp :
         {"B50f", "B70f", "B80s", "I70f\\3", "Bl57d\\2", "Br64", "LUNG", "Lung ", "BONEPLUS", "EDGE", "ULTRA",
          "D", "L", "YC", "FC51", "FC30", "FC86", "B_SHARP_C", "Body Sharp"})
        CHECK_MESSAGE(is_sharp_kernel(sharp), sharp);
}

TEST_CASE("smooth kernels, and names that say nothing") {
    for (const auto* other :
         {"",           "B30f", "B45f", "Br36d\\3", "I31f\\50", "STANDARD", "SOFT", "CHST",
          "DETAIL",     "A",    "B",    "C",        "FC08",     "FC10",     "FC18", "Lung Soft",
          "B_SMOOTH_B", "7",    "B5",   "B700f",    "ABC70f",   "\\B70f"})
        CHECK_MESSAGE(!is_sharp_kernel(other), other);
}
