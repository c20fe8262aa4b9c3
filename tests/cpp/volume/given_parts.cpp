#include <groundglass/volume/given_parts.hpp>

#include <doctest/doctest.h>

using namespace groundglass;

namespace {

constexpr shape3 shape{10, 4, 4};

/// Left lung in the columns 2 and 3, right in 0 and 1.
lung_ct lungs() {
    auto mask = make_array<std::uint8_t>(shape);
    const auto voxels = flat(mask);
    for (std::size_t i = 0; i < voxels.size(); ++i) voxels[i] = i % 4 >= 2 ? 1 : 2;
    return lung_ct(ct_volume(make_array<std::int16_t>(shape), {.shape = shape}), std::move(mask),
                   {{note_level::info, "lungs_separated", "Told apart."}});
}

/// Lobes as layers of slices.
array3<std::uint8_t> layers() {
    auto map = make_array<std::uint8_t>(shape);
    for (std::size_t s = 0; s < shape[0]; ++s) {
        const auto voxels = slice(map, s);
        for (std::size_t i = 0; i < voxels.size(); ++i) {
            const bool left = i % 4 >= 2;
            voxels[i] = static_cast<std::uint8_t>(left ? (s < 5 ? 2 : 1) : (s < 4 ? 5 : s < 7 ? 4 : 3));
        }
    }
    return map;
}

std::vector<std::string> codes(const lung_ct& study) {
    std::vector<std::string> result;
    for (const auto& remark : study.remarks()) result.push_back(remark.code);
    return result;
}

} // namespace

TEST_CASE("a good map is carried along without a word") {
    const auto study = with_lobes(lungs(), layers());
    REQUIRE(study.lobes());
    CHECK(*study.lobes() == layers());
    CHECK_FALSE(study.segments());
    CHECK(codes(study) == std::vector<std::string>{"lungs_separated"});
    const auto both = with_segments(study, make_array<std::uint8_t>(shape, 20));
    CHECK(both.lobes() == study.lobes());
    CHECK(both.segments());
}

TEST_CASE("what is odd about a map is remarked") {
    auto turned = layers();
    for (auto& label : flat(turned)) label = static_cast<std::uint8_t>(6 - label);
    CHECK(codes(with_lobes(lungs(), turned)).back() == "lobes_on_other_side");

    auto two = layers();
    for (auto& label : flat(two))
        if (label == 4) label = 3;
    CHECK(codes(with_lobes(lungs(), two)).back() == "lobe_missing");

    auto part = layers();
    for (std::size_t s = 0; s < 2; ++s)
        for (auto& label : slice(part, s)) label = 0;
    CHECK(codes(with_lobes(lungs(), part)).back() == "lobes_incomplete");
    CHECK(with_lobes(lungs(), part).remarks().back().text.find("20 %") == 0);
    CHECK(codes(with_segments(lungs(), part)).back() == "segments_incomplete");
}

TEST_CASE("wrong maps are refused") {
    CHECK_THROWS_WITH_AS((void)with_lobes(lungs(), make_array<std::uint8_t>(shape, 6)),
                         doctest::Contains("hold the value 6; 0 to 5 are allowed"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)with_segments(lungs(), make_array<std::uint8_t>(shape, 21)),
                         doctest::Contains("0 to 20"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)with_lobes(lungs(), make_array<std::uint8_t>({10, 4, 5}, 1)),
                         doctest::Contains("shape"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)with_lobes(lungs(), make_array<std::uint8_t>(shape)),
                         doctest::Contains("does not meet the lungs"), std::invalid_argument);
}
