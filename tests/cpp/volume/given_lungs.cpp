#include "small_chest.hpp"
#include <groundglass/volume/given_lungs.hpp>

#include <doctest/doctest.h>

using namespace groundglass;

namespace {

bool has(const notes& found, const std::string& code) {
    return std::any_of(found.begin(), found.end(), [&](const note& n) { return n.code == code; });
}

array3<std::uint8_t> kept(array3<std::uint8_t> labels, std::uint8_t highest) {
    for (auto& label : flat(labels))
        if (label > highest) label = 0;
    return labels;
}

} // namespace

TEST_CASE("with_lungs: a mask of two labels is taken as it is") {
    const auto [ct, truth] = small_chest{}.make();
    const auto lungs = kept(truth, 2);
    const auto found = with_lungs(ct, lungs);
    CHECK(found.lungs() == lungs);
    CHECK(found.remarks().empty());
}

TEST_CASE("with_lungs: one label for both is told apart, touching or not") {
    for (const double apart : {36.0, -4.0}) {
        small_chest chest;
        chest.lungs_apart_mm = apart;
        const auto [ct, truth] = chest.make();
        const auto lungs = kept(truth, 2);
        auto one = lungs;
        for (auto& label : flat(one)) label = label != 0 ? 1 : 0;
        const auto found = with_lungs(ct, one);
        CHECK(has(found.remarks(), "lungs_separated"));
        std::size_t wrong = 0;
        std::size_t all = 0;
        for (std::size_t i = 0; i < flat(lungs).size(); ++i) {
            all += flat(lungs)[i] != 0;
            wrong += flat(found.lungs())[i] != flat(lungs)[i];
        }
        CHECK(wrong < all / 100);
    }
}

TEST_CASE("with_lungs: a lone left lung stays left, and is remarked on") {
    const auto [ct, truth] = small_chest{}.make();
    const auto lungs = kept(truth, 1);
    const auto found = with_lungs(ct, lungs);
    CHECK(found.lungs() == lungs);
    CHECK(has(found.remarks(), "one_lung_missing"));
    CHECK_FALSE(has(found.remarks(), "lungs_separated"));
}

TEST_CASE("with_lungs: another shape or value is refused, an empty mask is not") {
    geometry grid;
    grid.shape = {2, 3, 4};
    const ct_volume ct(make_array<std::int16_t>(grid.shape), grid);
    CHECK_THROWS_AS((void)with_lungs(ct, make_array<std::uint8_t>({2, 3, 5})), std::invalid_argument);
    CHECK_THROWS_AS((void)with_lungs(ct, make_array<std::uint8_t>({2, 3, 4}, 255)), std::invalid_argument);
    CHECK(has(with_lungs(ct, make_array<std::uint8_t>({2, 3, 4})).remarks(), "no_lungs_found"));
}
