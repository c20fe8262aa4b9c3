#include <groundglass/volume/lesion_ct.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;

namespace {

constexpr shape3 shape{2, 3, 4};

std::string refusal(lesion_uncertainty doubt) {
    const lung_ct lungs(ct_volume(make_array<std::int16_t>(shape), {.shape = shape}),
                        make_array<std::uint8_t>(shape));
    try {
        static_cast<void>(lesion_ct(lungs, make_array<std::uint8_t>(shape), {}, {}, {},
                                    std::make_shared<lesion_uncertainty>(std::move(doubt))));
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "accepted";
}

shared_array3<std::uint8_t> map(std::uint8_t value) { return shared(make_array<std::uint8_t>(shape, value)); }

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("lesion_uncertainty: levels and their map belong together") {
    CHECK(refusal({}) == "accepted");
    CHECK(refusal({{}, {}, {5, 6}}) == "accepted");
    CHECK(refusal({{0.1, 0.9}, map(2), {}}) == "accepted");
    CHECK(refusal({{0.1, 0.9}, map(2 | lesion_uncertainty::consolidated), {}}) == "accepted");
    CHECK(says(refusal({{0.1, 0.9}, map(3), {}}), "names level 3 of 2"));
    CHECK(says(refusal({{0.1, 0.9}, {}, {}}), "given together"));
    CHECK(says(refusal({{}, map(0), {}}), "given together"));
    CHECK(says(refusal({{0.9, 0.1}, map(0), {}}), "0.100000 after 0.900000"));
    CHECK(says(refusal({{0.0, 0.5}, map(0), {}}), "ascend between 0 and 1"));
    CHECK(says(refusal({{0.5, 1.0}, map(0), {}}), "ascend between 0 and 1"));
    CHECK(says(refusal({{0.5}, shared(make_array<std::uint8_t>({1, 3, 4})), {}}), "shape"));
    std::vector<double> many(128);
    for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i + 1) / 130;
    CHECK(says(refusal({many, map(0), {}}), "at most 127 levels"));
}
