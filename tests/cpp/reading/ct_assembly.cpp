#include <groundglass/reading/ct_assembly.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::reading;

namespace {

/// Air in the first columns, then lung, then soft tissue.
std::vector<std::int16_t> slice_of(std::size_t rows, std::size_t columns, int add = 0) {
    std::vector<std::int16_t> values(rows * columns);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto column = i % columns;
        values[i] = static_cast<std::int16_t>((column < 2 ? -1000 : column < 5 ? -850 : 40) + add);
    }
    return values;
}

} // namespace

TEST_CASE("slices come together, each by its own rescale") {
    const geometry grid{.shape = {2, 4, 10}};
    ct_assembly assembly(grid, {{note_level::info, "first", "First."}});
    assembly.put<std::int16_t>(1, slice_of(4, 10));
    assembly.put<std::int16_t>(0, slice_of(4, 10, 1024), 1, -1024);
    const auto ct = std::move(assembly).finish();
    CHECK(ct.grid() == grid);
    CHECK(ct.hounsfield()(0, 0, 0) == -1000);
    CHECK(ct.hounsfield()(1, 3, 9) == 40);
    CHECK(ct.notes() == notes{{note_level::info, "first", "First."}});
}

TEST_CASE("what is put in any orientation comes out axial") {
    // Sagittal slices from right to left, rows to the feet, columns to the back.
    const geometry grid{.shape = {2, 4, 10}, .direction = {{{1, 0, 0}, {0, 0, -1}, {0, 1, 0}}}};
    ct_assembly assembly(grid);
    const auto slice = slice_of(4, 10);
    assembly.put<std::int16_t>(0, slice);
    assembly.put<std::int16_t>(1, slice);
    const auto ct = std::move(assembly).finish();
    CHECK(ct.grid().shape == shape3{4, 10, 2});
    CHECK(ct.grid().is_axial());
    CHECK(ct.hounsfield()(0, 0, 0) == -1000);
    CHECK(ct.hounsfield()(0, 9, 0) == 40);
    CHECK(ct.notes().front().code == "turned_to_axial");
}

TEST_CASE("claims that no scanner makes are refused before memory is taken") {
    CHECK_THROWS_AS(ct_assembly(geometry{.shape = {60000, 60000, 60000}}), format_error);
    CHECK_THROWS_AS(ct_assembly(geometry{.shape = {1, std::size_t{1} << 62, 8}}), format_error);
    CHECK_THROWS_AS(ct_assembly(geometry{.shape = {0, 4, 4}}), format_error);
    CHECK_THROWS_AS(ct_assembly(geometry{.shape = {1, 4, 4}, .spacing_mm = {0, 1, 1}}), format_error);
    CHECK_THROWS_AS(
        ct_assembly(geometry{.shape = {1, 4, 4}, .direction = {{{1, 0, 0}, {1, 0, 0}, {1, 0, 0}}}}),
        format_error);
}

TEST_CASE("misuse is told") {
    ct_assembly assembly(geometry{.shape = {2, 4, 10}});
    const auto slice = slice_of(4, 10);
    CHECK_THROWS_AS(assembly.put<std::int16_t>(2, slice), std::invalid_argument);
    CHECK_THROWS_AS(assembly.put<std::int16_t>(0, std::span(slice).first(7)), std::invalid_argument);
    assembly.put<std::int16_t>(0, slice);
    CHECK_THROWS_AS(static_cast<void>(std::move(assembly).finish()), std::logic_error);
}
