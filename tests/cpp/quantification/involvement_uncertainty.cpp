#include <groundglass/quantification/involvement_uncertainty.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::quantification;

namespace {

const std::vector<double> levels{0.05, 0.25, 0.5, 0.75, 0.95};

/// Random HU, lungs and nested lesions; the point estimate is the lesions of the level `place`.
lesion_ct random_study(unsigned seed, std::uint8_t place, std::vector<std::uint64_t> members = {}) {
    constexpr shape3 shape{12, 9, 11};
    std::mt19937 random(seed);
    auto hounsfield = make_array<std::int16_t>(shape);
    auto lungs = make_array<std::uint8_t>(shape);
    auto lesions = make_array<std::uint8_t>(shape);
    auto first = make_array<std::uint8_t>(shape);
    auto lobes = make_array<std::uint8_t>(shape);
    for (std::size_t i = 0; i < flat(lungs).size(); ++i) {
        flat(hounsfield)[i] = static_cast<std::int16_t>(int(random() % 1400) - 1000);
        flat(lungs)[i] = static_cast<std::uint8_t>(random() % 3);
        flat(lobes)[i] = static_cast<std::uint8_t>(random() % 6);
        const auto level = static_cast<std::uint8_t>(random() % 6);
        const bool dense = random() % 3 == 0;
        flat(first)[i] = static_cast<std::uint8_t>(level | (dense ? lesion_uncertainty::consolidated : 0));
        if (level > 0 && level <= place) flat(lesions)[i] = dense ? 2 : 1;
    }
    const geometry grid{.shape = shape, .spacing_mm = {2.5, 0.7, 0.8}};
    const auto given = lung_ct(ct_volume(std::move(hounsfield), grid), std::move(lungs))
                           .divided(shared(std::move(lobes)), {});
    return {given,
            std::move(lesions),
            {},
            {},
            {},
            std::make_shared<lesion_uncertainty>(
                lesion_uncertainty{levels, shared(std::move(first)), std::move(members)})};
}

/// The lesions of one level as a study of their own.
lesion_ct at_level(const lesion_ct& study, std::size_t place) {
    auto lesions = make_array<std::uint8_t>(study.ct().grid().shape);
    for (std::size_t i = 0; i < flat(lesions).size(); ++i) {
        const auto value = flat(*study.uncertainty()->first_level)[i];
        const auto level = static_cast<std::size_t>(value & lesion_uncertainty::place);
        if (level > 0 && level <= place)
            flat(lesions)[i] = (value & lesion_uncertainty::consolidated) != 0 ? 2 : 1;
    }
    return {study.with_lungs(), std::move(lesions)};
}

} // namespace

TEST_CASE("involvement_uncertainty: every level is the involvement of its own lesions, in every region") {
    for (const auto rule : {high_opacity_rule::consolidation, high_opacity_rule::above_minus_200_hu}) {
        const auto study = random_study(1, 3);
        const auto table = involvement_uncertainty({.high_opacity = rule})(study);
        CHECK(table.levels == levels);
        CHECK(table.calibrated());
        for (std::size_t place = 1; place <= levels.size(); ++place) {
            const auto expected = involvement({.high_opacity = rule})(at_level(study, place));
            const auto compare = [&](const region_uncertainty& found, const region_involvement& row) {
                CHECK(found.region == row.region);
                CHECK(found.ground_glass_ml.values[place - 1] == row.ground_glass_ml);
                CHECK(found.consolidation_ml.values[place - 1] == row.consolidation_ml);
                CHECK(found.opacity_ml.values[place - 1] == row.opacity_ml);
                CHECK(found.opacity_percent.values[place - 1] == row.opacity_percent);
                CHECK(found.high_opacity_percent.values[place - 1] == row.high_opacity_percent);
            };
            for (std::size_t r = 0; r < lung_region_count; ++r) compare(table.rows[r], expected.rows[r]);
            REQUIRE(table.lobes.size() == expected.lobes.size());
            for (std::size_t r = 0; r < table.lobes.size(); ++r) compare(table.lobes[r], expected.lobes[r]);
        }
        CHECK(table.opacity_fractions()[2] == table.rows[0].opacity_percent.values[2] / 100);
    }
}

TEST_CASE("involvement_uncertainty: values never fall, and the interval holds the estimate") {
    for (const std::uint8_t place : std::vector<std::uint8_t>{0, 1, 3, 5}) {
        const auto study = random_study(place + 10U, place);
        const auto table = involvement_uncertainty{}(study);
        const auto estimate = involvement{}(study);
        for (std::size_t r = 0; r < lung_region_count; ++r) {
            const auto check = [&](const quantile_curve& curve, double value) {
                CHECK(std::is_sorted(curve.values.begin(), curve.values.end()));
                CHECK(curve.lower <= value);
                CHECK(curve.upper >= value);
                // No wider than the estimate asks for.
                CHECK(curve.lower == std::min(value, curve.values.front()));
                CHECK(curve.upper == std::max(value, curve.values.back()));
            };
            check(table.rows[r].opacity_percent, estimate.rows[r].opacity_percent);
            check(table.rows[r].high_opacity_percent, estimate.rows[r].high_opacity_percent);
            check(table.rows[r].ground_glass_ml, estimate.rows[r].ground_glass_ml);
            check(table.rows[r].consolidation_ml, estimate.rows[r].consolidation_ml);
            check(table.rows[r].opacity_ml, estimate.rows[r].opacity_ml);
        }
    }
}

TEST_CASE("involvement_uncertainty: a narrower coverage lies between the levels") {
    const auto study = random_study(3, 3);
    const auto table = involvement_uncertainty({.coverage = 0.7})(study);
    const auto& curve = table.rows[0].opacity_ml;
    CHECK(table.coverage == 0.7);
    // 0.15 is half way from 0.05 to 0.25, 0.85 from 0.75 to 0.95.
    CHECK(curve.lower == doctest::Approx((curve.values[0] + curve.values[1]) / 2));
    CHECK(curve.upper == doctest::Approx((curve.values[3] + curve.values[4]) / 2));
    CHECK_THROWS_AS(static_cast<void>(involvement_uncertainty({.coverage = 0.95})(study)),
                    std::invalid_argument);
    CHECK_THROWS_AS(involvement_uncertainty({.coverage = 0}), std::invalid_argument);
    CHECK_THROWS_AS(involvement_uncertainty({.coverage = 1}), std::invalid_argument);
    CHECK(involvement_uncertainty{} == involvement_uncertainty({.coverage = 0.9}));
}

TEST_CASE("involvement_uncertainty: members by themselves, and nothing where nothing is known") {
    const auto study = random_study(4, 3, {40, 50, 60});
    const auto table = involvement_uncertainty{}(study);
    const auto lung = involvement{}(study).rows[0].lung_ml / study.ct().grid().voxel_ml();
    CHECK(table.members == 3);
    CHECK(table.opacity_percent_sd == doctest::Approx(100 * 10 / lung));

    const auto plain = involvement_uncertainty{}(at_level(study, 3));
    CHECK_FALSE(plain.calibrated());
    CHECK(plain.members == 1);
    CHECK(std::isnan(plain.opacity_percent_sd));
    CHECK(std::isnan(plain.rows[0].opacity_percent.lower));
    CHECK(plain.rows[2].region == lung_region::right);
    CHECK(plain.opacity_fractions().empty());
    const lesion_ct only_members(study.with_lungs(), study.lesions(), {}, {}, {},
                                 std::make_shared<lesion_uncertainty>(lesion_uncertainty{{}, {}, {40, 50}}));
    CHECK_FALSE(involvement_uncertainty{}(only_members).calibrated());
    CHECK(involvement_uncertainty{}(only_members).members == 2);
}

TEST_CASE("quantile_at: straight lines between levels, and no guess beyond them") {
    const std::vector<double> values{1, 3, 3, 10, 20};
    CHECK(quantile_at(levels, values, 0.05) == 1);
    CHECK(quantile_at(levels, values, 0.050000000000000044) == 1);
    CHECK(quantile_at(levels, values, 0.95) == 20);
    CHECK(quantile_at(levels, values, 0.15) == doctest::Approx(2));
    CHECK(quantile_at(levels, values, 0.75) == 10);
    CHECK_THROWS_AS(static_cast<void>(quantile_at(levels, values, 0.04)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(quantile_at(levels, values, 0.96)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(quantile_at({}, {}, 0.5)), std::invalid_argument);
}
