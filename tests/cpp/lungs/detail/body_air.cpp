#include "../small_chest.hpp"
#include <groundglass/lungs/detail/body_air.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;

namespace {

bit_mask air_of(const ct_volume& ct) {
    return mask_where(ct.hounsfield(), [](std::int16_t v) { return v < air_below_hu; });
}

} // namespace

TEST_CASE("outside_air: reaches the border, and no lung") {
    const small_chest chest;
    const auto [ct, truth] = chest.make();
    const auto outside = lungs::detail::outside_air(ct.hounsfield(), air_of(ct), gas_below_hu, chest.spacing);
    for (std::uint8_t label = 1; label <= 4; ++label) CHECK((outside & label_of(truth, label)).empty());
    CHECK(outside.test(0, 0, 0));
    CHECK(outside.count() > 0.9 * static_cast<double>((air_of(ct) & label_of(truth, 0)).count()));
}

TEST_CASE("outside_air: a lung that a crop cuts is not outside") {
    const small_chest chest;
    const auto whole = chest.make();
    geometry grid = whole.ct.grid();
    grid.shape = {70, 60, 64};
    const shape3 first{0, 30, 64}; // the right part of the left lung reaches the last column
    const ct_volume ct(crop(whole.ct.hounsfield(), first, grid.shape), grid);
    const auto outside = lungs::detail::outside_air(ct.hounsfield(), air_of(ct), gas_below_hu, chest.spacing);
    CHECK((outside & label_of(crop(whole.truth, first, grid.shape), 1)).empty());
}

TEST_CASE("surrounded_by_body: the lungs are, the table's foam is not") {
    const small_chest chest;
    const auto [ct, truth] = chest.make();
    const auto air = air_of(ct);
    const auto outside = lungs::detail::outside_air(ct.hounsfield(), air, gas_below_hu, chest.spacing);
    const auto surrounded = lungs::detail::surrounded_by_body(air, outside, chest.spacing);
    for (std::uint8_t label = 1; label <= 4; ++label) CHECK((label_of(truth, label) - surrounded).empty());
    CHECK((label_of(truth, 5) & surrounded).empty());
}

TEST_CASE("lung_pieces: not gas, not foam, not crumbs") {
    const small_chest chest;
    const auto [ct, truth] = chest.make();
    const auto inside = mask_where(truth, [](std::uint8_t label) { return label != 0; });
    const auto body = mask_where(truth, [](std::uint8_t label) { return label != 5; });
    const auto found =
        lungs::detail::lung_pieces(ct.hounsfield(), inside, body, chest.spacing, gas_below_hu, 0.02);
    for (std::uint8_t label = 1; label <= 2; ++label) {
        const auto lung = label_of(truth, label); // the dome cuts a few crumbs off
        CHECK(static_cast<double>((lung - found).count()) < 0.01 * static_cast<double>(lung.count()));
    }
    CHECK((label_of(truth, 4) & found).empty());
    CHECK((label_of(truth, 5) & found).empty());
}

TEST_CASE("lung_pieces: a bubble in an abdomen is no lung, a lung's width of the same air is") {
    const auto bubble = [](std::size_t width) {
        bit_mask inside({6, 64, 64});
        for (std::size_t s = 1; s < 5; ++s)
            for (std::size_t r = 10; r < 10 + width; ++r) inside.set(s, r, 10, 10 + width);
        const auto hounsfield = make_array<std::int16_t>({6, 64, 64}, -850);
        return lungs::detail::lung_pieces(hounsfield, inside, inside, {5, 1, 1}, gas_below_hu, 0.02);
    };
    CHECK(bubble(20).empty());
    CHECK_FALSE(bubble(30).empty());
}

TEST_CASE("thick_ground_glass: a thick layer beside the lung, not a rim of one voxel") {
    bit_mask lung({12, 60, 60});
    bit_mask tissue({12, 60, 60});
    for (std::size_t s = 0; s < 12; ++s)
        for (std::size_t r = 10; r < 50; ++r) {
            lung.set(s, r, 10, 30);
            tissue.set(s, r, 9, 10);
            tissue.set(s, r, 30, 38);
            tissue.set(s, r, 50, 58);
        }
    const auto found = lungs::detail::thick_ground_glass(tissue, lung, {1, 1, 1});
    CHECK(found.test(6, 30, 34));
    CHECK_FALSE(found.test(6, 30, 9));
    CHECK_FALSE(found.test(6, 30, 54));
}

TEST_CASE("lung_pieces: a thin sheet of air and air above the lung are none") {
    const auto pieces = [](std::size_t thick, std::size_t first_slice) {
        bit_mask inside({40, 96, 160});
        for (std::size_t s = 2; s < 20; ++s)
            for (std::size_t r = 10; r < 80; ++r) inside.set(s, r, 10, 70); // the lung
        bit_mask other({40, 96, 160});
        for (std::size_t s = first_slice; s < first_slice + 15; ++s)
            for (std::size_t r = 10; r < 90; ++r) other.set(s, r, 90, 90 + thick);
        inside |= other;
        const auto hounsfield = make_array<std::int16_t>({40, 96, 160}, -850);
        const auto found =
            lungs::detail::lung_pieces(hounsfield, inside, inside, {3, 1, 1}, gas_below_hu, 0.02);
        CHECK(found.test(10, 40, 40));
        return !(found & other).empty();
    };
    CHECK(pieces(40, 4));
    CHECK_FALSE(pieces(4, 4));
    CHECK_FALSE(pieces(40, 21));
}
