#include <groundglass/lungs/given_parts.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

namespace {

constexpr shape3 shape{10, 4, 4};

/// Left lung in the columns 2 and 3, right in 0 and 1.
lung_ct two_lungs() {
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
        const auto voxels = slice_of(map, s);
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
    const auto study = with_lobes(two_lungs(), layers());
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
    CHECK(codes(with_lobes(two_lungs(), turned)).back() ==
          "lobes_relabelled"); // two values left, three right
    CHECK(*with_lobes(two_lungs(), turned).lobes() == layers());

    auto astray = layers();
    for (std::size_t s = 7; s < 9; ++s)
        for (auto& label : slice_of(astray, s)) label = 1;
    CHECK(codes(with_lobes(two_lungs(), astray)).back() == "lobes_on_other_side");

    auto two = layers();
    for (auto& label : flat(two))
        if (label == 4) label = 3;
    CHECK(codes(with_lobes(two_lungs(), two)).back() == "lobe_missing");

    auto part = layers();
    for (std::size_t s = 0; s < 2; ++s)
        for (auto& label : slice_of(part, s)) label = 0;
    CHECK(codes(with_lobes(two_lungs(), part)).back() == "lobes_incomplete");
    CHECK(with_lobes(two_lungs(), part).remarks().back().text.find("20 %") == 0);
    CHECK(codes(with_segments(two_lungs(), part)).back() == "segments_incomplete");
}

TEST_CASE("lobes of every numbering, in any order, are known by number and place") {
    std::array<std::uint16_t, 6> numbers{0, 1, 2, 3, 4, 5};
    const auto renumbered = [&](const std::array<std::uint16_t, 6>& by) {
        auto map = make_array<std::uint16_t>(shape);
        for (std::size_t i = 0; i < map.size(); ++i) flat(map)[i] = by[flat(layers())[i]];
        return map;
    };
    do {
        const auto found = with_lobes(two_lungs(), renumbered(numbers));
        CHECK(*found.lobes() == layers());
        CHECK((codes(found).back() == "lobes_relabelled") ==
              (numbers[1] != 1 || numbers[2] != 2 || numbers[3] != 3 || numbers[4] != 4));
    } while (std::next_permutation(numbers.begin() + 1, numbers.end()));
    for (const auto& known : lobe_numberings)
        for (std::uint16_t missing = 0; missing < 6; ++missing) {
            CAPTURE(known.name);
            CAPTURE(missing);
            std::array<std::uint16_t, 6> by{};
            for (std::size_t k = 0; k < 5; ++k) by[k + 1] = static_cast<std::uint16_t>(known.values[k]);
            by[missing] = 0;
            auto expected = layers();
            for (auto& label : flat(expected))
                if (label == missing) label = 0;
            const auto found = with_lobes(two_lungs(), renumbered(by));
            CHECK(*found.lobes() == expected);
            const auto said = codes(found);
            CHECK((std::find(said.begin(), said.end(), "lobes_relabelled") != said.end()) ==
                  (&known != lobe_numberings.data()));
        }
    // Airways in the lobes of the Chest Imaging Platform, by its types.
    auto typed = renumbered({0, 7, 8, 4, 5, 6});
    for (std::size_t i = 0; i < typed.size(); i += 7)
        flat(typed)[i] = static_cast<std::uint16_t>(flat(typed)[i] | 512);
    CHECK(*with_lobes(two_lungs(), typed).lobes() == layers());
    // Numbers of nobody.
    CHECK(*with_lobes(two_lungs(), renumbered({0, 900, 20, 77, 3, 250})).lobes() == layers());
}

TEST_CASE("wrong maps are refused") {
    CHECK_THROWS_WITH_AS((void)with_lobes(two_lungs(), make_array<std::uint8_t>(shape, 6)),
                         doctest::Contains("the value 6 in the lungs"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)with_segments(two_lungs(), make_array<std::uint8_t>(shape, 21)),
                         doctest::Contains("0 to 20"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)with_lobes(two_lungs(), make_array<std::uint8_t>({10, 4, 5}, 1)),
                         doctest::Contains("shape"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)with_lobes(two_lungs(), make_array<std::uint8_t>(shape)),
                         doctest::Contains("does not meet the lungs"), std::invalid_argument);
    auto mirrored = layers();
    for (std::size_t i = 0; i < mirrored.size(); ++i)
        flat(mirrored)[i] = flat(layers())[i - i % 4 + (3 - i % 4)];
    CHECK_THROWS_WITH_AS((void)with_lobes(two_lungs(), mirrored),
                         doctest::Contains("3 lie on the left and 2 on the right"), std::invalid_argument);
    auto four = layers(); // of nobody's numbers, so the one that lacks can't be known
    for (auto& label : flat(four)) label = static_cast<std::uint8_t>(label == 4 ? 0 : label + 60);
    CHECK_THROWS_WITH_AS((void)with_lobes(two_lungs(), four), doctest::Contains("number them 1 left upper"),
                         std::invalid_argument);
    auto two = layers(); // middle and lower lobe, or upper and middle of another numbering
    for (auto& label : flat(two))
        if (label < 4) label = 0;
    CHECK_THROWS_WITH_AS((void)with_lobes(two_lungs(), two), doctest::Contains("may be the lobes of"),
                         std::invalid_argument);
}
