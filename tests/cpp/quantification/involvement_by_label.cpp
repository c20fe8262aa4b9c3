#include <groundglass/quantification/involvement.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::quantification;

namespace {

/// One row of voxels: lung 0 1 1 1 2 2 2 2, lesions below it.
lesion_ct row_of_voxels() {
    const shape3 shape{1, 1, 8};
    auto hounsfield = make_array<std::int16_t>(shape, -800);
    auto lungs = make_array<std::uint8_t>(shape), lesions = make_array<std::uint8_t>(shape);
    const std::array<std::uint8_t, 8> lung{0, 1, 1, 1, 2, 2, 2, 2}, lesion{2, 0, 1, 2, 0, 0, 0, 1};
    std::copy(lung.begin(), lung.end(), flat(lungs).begin());
    std::copy(lesion.begin(), lesion.end(), flat(lesions).begin());
    flat(hounsfield)[7] = 0;
    const geometry grid{.shape = shape, .spacing_mm = {10, 10, 10}};
    return {lung_ct(ct_volume(std::move(hounsfield), grid), std::move(lungs)), std::move(lesions)};
}

array3<std::uint8_t> labels(const std::array<std::uint8_t, 8>& values) {
    auto map = make_array<std::uint8_t>({1, 1, 8});
    std::copy(values.begin(), values.end(), flat(map).begin());
    return map;
}

} // namespace

TEST_CASE("parts count lung with their label and nothing else") {
    const auto study = row_of_voxels();
    const auto parts = involvement_by_label(study, labels({1, 1, 1, 1, 2, 2, 0, 3}), 4);
    REQUIRE(parts.size() == 4);
    CHECK(parts[0].lung_ml == doctest::Approx(3));
    CHECK(parts[0].ground_glass_ml == doctest::Approx(1));
    CHECK(parts[0].consolidation_ml == doctest::Approx(1));
    CHECK(parts[0].opacity_percent == doctest::Approx(200.0 / 3));
    CHECK(parts[0].high_opacity_percent == doctest::Approx(100.0 / 3));
    CHECK(parts[1].opacity_percent == 0);
    CHECK(parts[2].opacity_percent == 100);
    CHECK(parts[2].high_opacity_percent == 0);
    CHECK(parts[3].lung_ml == 0);
    CHECK(std::isnan(parts[3].opacity_percent));
    const auto by_hu = involvement_by_label(study, labels({0, 0, 0, 0, 0, 0, 0, 1}), 1,
                                            high_opacity_rule::above_minus_200_hu);
    CHECK(by_hu[0].high_opacity_percent == 100);
}

TEST_CASE("the sides as labels give the rows of the sides") {
    const auto study = row_of_voxels();
    const auto parts = involvement_by_label(study, study.lungs(), 2);
    const auto table = involvement{}(study);
    for (const auto side : {lung_region::left, lung_region::right}) {
        const auto& part = parts[static_cast<std::size_t>(side) - 1];
        CHECK(part.lung_ml == table[side].lung_ml);
        CHECK(part.opacity_percent == table[side].opacity_percent);
        CHECK(part.lung_hu.sd == table[side].lung_hu.sd);
    }
}

TEST_CASE("the table has rows for the lobes and segments that the lungs carry") {
    const auto study = row_of_voxels();
    CHECK(involvement{}(study).lobes.empty());
    CHECK(involvement{}(study).segments.empty());
    const auto map = shared(labels({0, 1, 2, 2, 3, 4, 5, 5}));
    const lesion_ct divided(study.with_lungs().divided(map, map), study.lesions());
    const auto table = involvement{}(divided);
    REQUIRE(table.lobes.size() == 5);
    CHECK(name_of(table.lobes[0].region) == "left upper lobe");
    CHECK(name_of(table.lobes[4].region) == "right lower lobe");
    CHECK(table.lobes[1].opacity_percent == 100);
    CHECK(table.lobes[4].opacity_percent == 50);
    REQUIRE(table.segments.size() == 20);
    CHECK(table.segments[4].opacity_percent == 50);
    CHECK(std::isnan(table.segments[19].opacity_percent));
}

TEST_CASE("wrong labels are named") {
    const auto study = row_of_voxels();
    CHECK_THROWS_WITH_AS((void)involvement_by_label(study, labels({0, 0, 0, 0, 0, 0, 0, 3}), 2),
                         doctest::Contains("labels go from 0 to 2, found 3"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)involvement_by_label(study, make_array<std::uint8_t>({1, 1, 7}), 2),
                         doctest::Contains("shape"), std::invalid_argument);
}
