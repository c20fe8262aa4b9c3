#include <groundglass/lungs/lung_comparison.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

namespace {

constexpr shape3 shape{50, 90, 150};
constexpr vector3 spacing{3, 2, 2};
constexpr double voxel_ml = 0.012;

/// Two lungs of 30 slices in a body of 280 mm whose middle is column 75.
struct chest {
    array3<std::int16_t> hounsfield = make_array<std::int16_t>(shape, -1000);
    array3<std::uint8_t> lungs = make_array<std::uint8_t>(shape);

    chest() {
        for (std::size_t s = 0; s < shape[0]; ++s)
            for (std::size_t r = 4; r < 86; ++r)
                for (std::size_t c = 5; c < 145; ++c) hounsfield(s, r, c) = 40;
        paint({10, 15, 15}, {30, 60, 45}, 2);
        paint({10, 15, 90}, {30, 60, 45}, 1);
    }
    chest& paint(const shape3& first, const shape3& size, std::uint8_t value) {
        for (std::size_t s = first[0]; s < first[0] + size[0]; ++s)
            for (std::size_t r = first[1]; r < first[1] + size[1]; ++r)
                for (std::size_t c = first[2]; c < first[2] + size[2]; ++c) lungs(s, r, c) = value;
        return *this;
    }
    [[nodiscard]] lung_ct make() const {
        return {ct_volume(hounsfield, {.shape = shape, .spacing_mm = spacing}), lungs};
    }
};

} // namespace

TEST_CASE("compare_lungs: a mask is like itself, sides and rims do not count") {
    const auto lungs = chest().make();
    CHECK(compare_lungs(lungs, lungs) == lung_differences{});
    auto swapped = chest();
    for (auto& label : flat(swapped.lungs)) label = label == 0 ? 0 : static_cast<std::uint8_t>(3 - label);
    CHECK(compare_lungs(lungs, swapped.make()) == lung_differences{});
    // A rim of 4 mm all over the back is no difference; of 12 mm it is.
    CHECK(compare_lungs(chest().paint({10, 75, 15}, {30, 2, 45}, 2).make(), lungs).only_first.sum() == 0);
    const auto thick = compare_lungs(chest().paint({10, 75, 15}, {30, 6, 45}, 2).make(), lungs);
    CHECK(thick.only_first.back == doctest::Approx(30 * 6 * 45 * voxel_ml).epsilon(0.12));
}

TEST_CASE("compare_lungs: ml by place, either way") {
    const auto lungs = chest().make();
    const double ml = 10 * 8 * 10 * voxel_ml;
    const auto more = [&](const shape3& first) {
        return compare_lungs(chest().paint(first, {10, 8, 10}, 1).make(), lungs).only_first;
    };
    const auto trachea = more({25, 30, 70});
    CHECK(trachea.middle == doctest::Approx(ml).epsilon(0.2));
    CHECK(trachea.sum() == trachea.middle);
    // Bowel gas under the dome moves the lowest third down with it.
    const auto bowel = compare_lungs(chest().paint({0, 20, 100}, {10, 20, 20}, 1).make(), lungs).only_first;
    CHECK(bowel.below == doctest::Approx(10 * 20 * 20 * voxel_ml).epsilon(0.2));
    CHECK(bowel.sum() == bowel.below);
    const auto side = more({28, 30, 135});
    CHECK(side.elsewhere == doctest::Approx(ml).epsilon(0.2));
    CHECK(side.sum() == side.elsewhere);

    // A dense base that one of them leaves out.
    const auto base = compare_lungs(chest().paint({10, 55, 20}, {10, 20, 35}, 0).make(), lungs);
    CHECK(base.only_first.sum() == 0);
    CHECK(base.only_second.back == doctest::Approx(10 * 20 * 35 * voxel_ml).epsilon(0.1));
    CHECK(base.only_second.sum() == base.only_second.back);
}

TEST_CASE("compare_lungs: the grid does not matter, another one is refused") {
    const auto at_half = [](const chest& coarse) {
        const shape3 twice{shape[0], 2 * shape[1], 2 * shape[2]};
        auto hounsfield = make_array<std::int16_t>(twice);
        auto labels = make_array<std::uint8_t>(twice);
        for (std::size_t s = 0; s < twice[0]; ++s)
            for (std::size_t r = 0; r < twice[1]; ++r)
                for (std::size_t c = 0; c < twice[2]; ++c) {
                    hounsfield(s, r, c) = coarse.hounsfield(s, r / 2, c / 2);
                    labels(s, r, c) = coarse.lungs(s, r / 2, c / 2);
                }
        return lung_ct(ct_volume(std::move(hounsfield), {.shape = twice, .spacing_mm = {3, 1, 1}}), labels);
    };
    const auto more = chest().paint({25, 30, 70}, {10, 8, 10}, 1);
    const auto fine = compare_lungs(at_half(more), at_half(chest()));
    CHECK(fine.only_first.middle == doctest::Approx(10 * 8 * 10 * voxel_ml).epsilon(0.2));
    CHECK_THROWS_AS(static_cast<void>(compare_lungs(chest().make(), at_half(chest()))),
                    std::invalid_argument);
}

TEST_CASE("assess_differences: a warning a place beyond the usual, with the ml") {
    CHECK(assess_differences({}).empty());
    const lung_differences found{{.middle = 10, .back = 130.4, .below = 1}, {.below = 300}};
    const auto said = assess_differences(found, {{20, 50, 50, 50}});
    REQUIRE(said.size() == 2);
    CHECK(said[0].code == "lung_masks_differ_back");
    CHECK(said[0].level == note_level::warning);
    CHECK(said[0].text.find("takes 130 ml") != std::string::npos);
    CHECK(said[1].code == "lung_masks_differ_below");
    CHECK(said[1].text.find("leaves out 300 ml") != std::string::npos);
}

TEST_CASE("held_against: the notes are added, and no lungs by the network are the classical ones") {
    const auto classical = chest().make();
    const auto network = chest().paint({10, 50, 20}, {10, 25, 38}, 0).make();
    const auto held = held_against(network, classical);
    REQUIRE(held.notes().size() == 1);
    CHECK(held.notes()[0].code == "lung_masks_differ_back");
    CHECK(held.shared_lungs() == network.shared_lungs());
    CHECK(held_against(classical, classical).notes().empty());

    auto none = chest();
    std::fill(flat(none.lungs).begin(), flat(none.lungs).end(), std::uint8_t{0});
    const auto taken = held_against(none.make(), classical);
    CHECK(taken.shared_lungs() == classical.shared_lungs());
    REQUIRE(taken.notes().size() == 1);
    CHECK(taken.notes()[0].code == "lungs_not_by_network");
    CHECK(held_against(none.make(), none.make()).notes().empty());
}
