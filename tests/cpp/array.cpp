#include <groundglass/array.hpp>

#include <doctest/doctest.h>

#include <numeric>

using namespace groundglass;

TEST_CASE("an array is filled and keeps its shape") {
    const auto array = make_array<int>({2, 3, 4}, 7);
    CHECK(shape_of(array) == shape3{2, 3, 4});
    CHECK(flat(array).size() == 24);
    for (int value : flat(array)) CHECK(value == 7);
}

TEST_CASE("a slice is a run of rows in C order") {
    auto array = make_array<int>({2, 3, 4});
    std::iota(flat(array).begin(), flat(array).end(), 0);
    CHECK(slice_of(array, 1).size() == 12);
    CHECK(slice_of(array, 1)[0] == 12);
    CHECK(array(1, 2, 3) == slice_of(array, 1)[2 * 4 + 3]);
    slice_of(array, 0)[5] = -1;
    CHECK(array(0, 1, 1) == -1);
}
