#include "small_chest.hpp"
#include <groundglass/lungs/given_lungs.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

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

TEST_CASE("with_lungs: sides follow from the place, whatever the numbers") {
    const auto [ct, truth] = small_chest{}.make();
    const auto lungs = kept(truth, 2);
    const std::pair<unsigned, unsigned> numbers[] = {{2, 1},   {3, 2},     {2, 3}, {3, 4},
                                                     {10, 20}, {255, 128}, {7, 1}, {300, 4000}};
    for (const auto& [left, right] : numbers) {
        CAPTURE(left);
        auto given = make_array<std::uint16_t>(ct.grid().shape);
        for (std::size_t i = 0; i < given.size(); ++i)
            flat(given)[i] = static_cast<std::uint16_t>(flat(lungs)[i] == 1   ? left
                                                        : flat(lungs)[i] == 2 ? right
                                                                              : 0);
        const auto found = with_lungs(ct, given);
        CHECK(found.lungs() == lungs);
        REQUIRE(found.remarks().size() == 1);
        CHECK(found.remarks()[0].code == "lungs_relabelled");
        CHECK(found.remarks()[0].level == note_level::info);
        CHECK(found.remarks()[0].text.find(std::to_string(left) + " left, " + std::to_string(right) +
                                           " right") != std::string::npos);
        const auto assumed = with_lungs(
            ct_volume(ct.hounsfield(), ct.grid(), {{note_level::warning, "orientation_assumed", ""}}), given);
        CHECK(assumed.remarks()[0].level == note_level::warning);
    }
}

TEST_CASE("with_lungs: one lung alone is the one where it lies") {
    const auto [ct, truth] = small_chest{}.make();
    for (const auto side : std::initializer_list<std::uint8_t>{1, 2})
        for (const auto number : std::initializer_list<std::uint8_t>{1, 2, 255}) {
            CAPTURE(side);
            CAPTURE(number);
            auto lungs = make_array<std::uint8_t>(ct.grid().shape);
            auto given = lungs;
            for (std::size_t i = 0; i < lungs.size(); ++i)
                if (flat(truth)[i] == side) flat(lungs)[i] = side, flat(given)[i] = number;
            const auto found = with_lungs(ct, given);
            CHECK(found.lungs() == lungs);
            CHECK(has(found.remarks(), "one_lung_missing"));
            CHECK(has(found.remarks(), "lungs_relabelled") == (number != side));
            CHECK_FALSE(has(found.remarks(), "lungs_separated"));
        }
    auto middle = make_array<std::uint8_t>(ct.grid().shape);
    for (std::size_t s = 30; s < 40; ++s)
        for (std::size_t r = 40; r < 60; ++r)
            for (std::size_t c = 68; c < 80; ++c) middle(s, r, c) = 1;
    CHECK((has(with_lungs(ct, middle).remarks(), "lung_side_uncertain") ||
           has(with_lungs(ct, middle).remarks(), "lungs_cut_at_middle")));
}

TEST_CASE("with_lungs: what can't be parted by shape is cut in the middle, with a warning") {
    const auto [ct, truth] = small_chest{}.make();
    auto block = make_array<std::uint8_t>(ct.grid().shape);
    for (std::size_t s = 20; s < 50; ++s)
        for (std::size_t r = 30; r < 80; ++r)
            for (std::size_t c = 30; c < 114; ++c) block(s, r, c) = 255;
    const auto found = with_lungs(ct, block);
    CHECK(has(found.remarks(), "lungs_cut_at_middle"));
    CHECK(found.lungs()(30, 40, 40) == 2);
    CHECK(found.lungs()(30, 40, 100) == 1);
}

TEST_CASE("with_lungs: maps of parts with known numbers are put together") {
    const auto [ct, truth] = small_chest{}.make();
    const auto lungs = kept(truth, 2);
    const auto parts = [&](std::array<unsigned, 5> numbers, unsigned trachea) {
        auto map = make_array<std::uint16_t>(ct.grid().shape);
        for (std::size_t i = 0; i < map.size(); ++i) {
            const auto third = i / (128 * 144) * 3 / 70;
            const auto label = flat(truth)[i];
            flat(map)[i] = static_cast<std::uint16_t>(label == 1   ? numbers[third == 0 ? 1 : 0]
                                                      : label == 2 ? numbers[4 - third]
                                                      : label == 3 ? trachea
                                                                   : 0U);
        }
        return map;
    };
    for (const auto& known : lobe_numberings) {
        CAPTURE(known.name);
        std::array<unsigned, 5> numbers{};
        for (std::size_t k = 0; k < 5; ++k) numbers[k] = static_cast<unsigned>(known.values[k]);
        const auto found = with_lungs(ct, parts(numbers, known.whole_body ? 60 : 0));
        CHECK(found.lungs() == lungs);
        CHECK(found.remarks()[0].code == "lungs_relabelled");
    }
    CHECK(with_lungs(ct, parts({9, 11, 12, 13, 14}, 512)).lungs() == lungs);    // thirds, with the trachea
    CHECK(with_lungs(ct, parts({777, 11, 12, 525, 14}, 512)).lungs() == lungs); // airways and vessels in them
    CHECK(with_lungs(ct, parts({3, 3, 4, 4, 4}, 0)).lungs() == lungs);          // LUNA16
    CHECK_THROWS_WITH_AS((void)with_lungs(ct, parts({1, 1, 2, 2, 2}, 3)),
                         doctest::Contains("the values 1, 2 and 3, of which it is not certain"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)with_lungs(ct, parts({1, 2, 1, 2, 2}, 0)),
                         doctest::Contains("the values 1 and 2, which do not lie on the two sides"),
                         std::invalid_argument); // upper and lower
    CHECK_THROWS_WITH_AS((void)with_lungs(ct, parts({1, 1, 1, 1, 1}, 900)), doctest::Contains("1 and 900"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        (void)with_lungs(ct, parts({1, 2, 30, 40, 50}, 60)),
        doctest::Contains("give 1 for the left and 2 for the right lung, or one value for both"),
        std::invalid_argument);
}

TEST_CASE("with_lungs: another shape is refused, an empty mask is not") {
    geometry grid;
    grid.shape = {2, 3, 4};
    const ct_volume ct(make_array<std::int16_t>(grid.shape), grid);
    CHECK_THROWS_AS((void)with_lungs(ct, make_array<std::uint8_t>({2, 3, 5})), std::invalid_argument);
    CHECK(has(with_lungs(ct, make_array<std::uint8_t>({2, 3, 4})).remarks(), "no_lungs_found"));
}
