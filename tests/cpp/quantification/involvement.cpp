#include <groundglass/quantification/involvement.hpp>
#include <groundglass/quantification/slice_profile.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <utility>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::quantification;

namespace {

/// Random labels in every voxel, so that every region holds every class.
lesion_ct random_study(unsigned seed, shape3 shape = {12, 9, 11}) {
    std::mt19937 random(seed);
    auto hounsfield = make_array<std::int16_t>(shape);
    auto lungs = make_array<std::uint8_t>(shape);
    auto lesions = make_array<std::uint8_t>(shape);
    for (auto& v : flat(hounsfield)) v = static_cast<std::int16_t>(int(random() % 1400) - 1000);
    for (auto& v : flat(lungs)) v = static_cast<std::uint8_t>(random() % 3);
    for (auto& v : flat(lesions)) v = static_cast<std::uint8_t>(random() % 4 == 0 ? random() % 3 : 0);
    const geometry grid{.shape = shape, .spacing_mm = {2.5, 0.7, 0.8}};
    return {lung_ct(ct_volume(std::move(hounsfield), grid), std::move(lungs)), std::move(lesions)};
}

} // namespace

TEST_CASE("both lungs, counted by hand") {
    const auto study = random_study(1);
    const auto table = involvement{}(study);
    const auto hounsfield = flat(study.ct().hounsfield());
    const auto lungs = flat(study.lungs());
    const auto lesions = flat(study.lesions());
    double lung = 0, ground_glass = 0, consolidation = 0, high = 0, sum = 0, squares = 0;
    for (std::size_t i = 0; i < lungs.size(); ++i) {
        if (lungs[i] == 0) continue;
        lung += 1;
        ground_glass += lesions[i] == 1;
        consolidation += lesions[i] == 2;
        if (lesions[i] == 0) continue;
        high += hounsfield[i] > -200;
        sum += hounsfield[i];
        squares += double(hounsfield[i]) * hounsfield[i];
    }
    const double ml = 2.5 * 0.7 * 0.8 / 1000;
    const auto& row = table[lung_region::both];
    CHECK(row.lung_ml == doctest::Approx(lung * ml));
    CHECK(row.ground_glass_ml == doctest::Approx(ground_glass * ml));
    CHECK(row.consolidation_ml == doctest::Approx(consolidation * ml));
    CHECK(row.opacity_percent == doctest::Approx(100 * (ground_glass + consolidation) / lung));
    CHECK(row.high_opacity_percent == doctest::Approx(100 * consolidation / lung));
    const double n = ground_glass + consolidation;
    CHECK(row.opacity_hu.mean == doctest::Approx(sum / n));
    CHECK(row.opacity_hu.sd == doctest::Approx(std::sqrt(squares / n - sum / n * sum / n)));
    const auto by_hu = involvement({.high_opacity = high_opacity_rule::above_minus_200_hu})(study);
    CHECK(by_hu.rows[0].high_opacity_percent == doctest::Approx(100 * high / lung));
}

TEST_CASE("regions add up") {
    for (unsigned seed = 0; seed < 5; ++seed) {
        const auto table = involvement{}(random_study(seed));
        using enum lung_region;
        const auto total = [&](auto member, std::initializer_list<lung_region> regions) {
            double sum = 0;
            for (auto region : regions) sum += table[region].*member;
            return sum;
        };
        for (auto member : {&region_involvement::lung_ml, &region_involvement::ground_glass_ml,
                            &region_involvement::consolidation_ml, &region_involvement::opacity_ml}) {
            CHECK(total(member, {left, right}) == doctest::Approx(table[both].*member).epsilon(1e-13));
            CHECK(total(member, {left_upper, left_middle, left_lower}) ==
                  doctest::Approx(table[left].*member).epsilon(1e-13));
            CHECK(total(member, {right_upper, right_middle, right_lower}) ==
                  doctest::Approx(table[right].*member).epsilon(1e-13));
        }
    }
}

TEST_CASE("the lung-weighted mean of the profile is the percentage of opacity") {
    for (unsigned seed = 0; seed < 5; ++seed) {
        const auto study = random_study(seed);
        double weighted = 0, weight = 0;
        for (const auto& entry : slice_profile{}(study)) {
            if (std::isnan(entry.opacity_percent)) continue;
            weighted += entry.lung_ml * entry.opacity_percent;
            weight += entry.lung_ml;
        }
        CHECK(weighted / weight ==
              doctest::Approx(involvement{}(study).rows[0].opacity_percent).epsilon(1e-12));
    }
}

TEST_CASE("lesions outside the lungs do not count") {
    const shape3 shape{3, 2, 2};
    auto lungs = make_array<std::uint8_t>(shape);
    lungs(1, 0, 0) = 1;
    const ct_volume ct(make_array<std::int16_t>(shape, -850), {.shape = shape});
    const lesion_ct study(lung_ct(ct, lungs), make_array<std::uint8_t>(shape, 2));
    const auto table = involvement{}(study);
    CHECK(table.rows[0].consolidation_ml == doctest::Approx(0.001));
    CHECK(table.rows[0].opacity_percent == doctest::Approx(100));
}

TEST_CASE("a study without lung has no percentages") {
    const shape3 shape{2, 2, 2};
    const ct_volume ct(make_array<std::int16_t>(shape), {.shape = shape});
    const lesion_ct study(lung_ct(ct, make_array<std::uint8_t>(shape)), make_array<std::uint8_t>(shape, 1));
    const auto table = involvement{}(study);
    CHECK(table.rows[0].lung_ml == 0);
    CHECK(std::isnan(table.rows[0].opacity_percent));
    CHECK(std::isnan(table.rows[0].lung_hu.mean));
}
