// A program of 0.1, with its header paths and names: the compiler warns, and it still does what it did.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#undef GROUNDGLASS_NO_OLD_NAMES
#include <groundglass/groundglass.hpp>
#include <groundglass/io/pixel_data.hpp>
#include <groundglass/volume/lung_mask.hpp>
#include <groundglass/volume/series.hpp>

#include <doctest/doctest.h>

#include <sstream>
#include <type_traits>

using namespace groundglass;

TEST_CASE("a program of 0.1 compiles and gives what it gave") {
    const shape3 shape{10, 4, 4};
    const ct_volume ct(make_array<std::int16_t>(shape, -850), {.shape = shape, .spacing_mm = {5, 1, 1}});
    auto lesions = make_array<std::uint8_t>(shape);
    for (auto& label : slice(lesions, 0)) label = 1;
    const lesion_ct study(lung_ct(ct, make_array<std::uint8_t>(shape, 1)), lesions);
    const involvement_table table = study | involvement{};
    CHECK(table.rows[0].opacity_percent == doctest::Approx(10));
    CHECK(thresholds::published()(table.opacity_fraction()) == "C");
    CHECK(quantile_at(std::vector{0.1, 0.9}, std::vector{1.0, 3.0}, 0.5) == doctest::Approx(2));
    const binomial_bounds_options options{.level = 0.9};
    CHECK(binomial_bounds(1, 4, options).lower < 0.25);
    const bit_mask mask(shape);
    CHECK(open(mask, ball(1.0, {1, 1, 1})).empty());
    CHECK_THROWS_AS(static_cast<void>(plan_series(std::vector<slice_header>{}, series_options{})),
                    format_error);
    std::istringstream nothing;
    CHECK_FALSE(io::pixel_data_damage(nothing, slice_header{}, "1.2.840.10008.1.2.1").empty());
}

TEST_CASE("an old name is the new one, not a copy") {
    CHECK(std::is_same_v<ct_volume, volume::ct_volume>);
    CHECK(std::is_same_v<groundglass::lung_mask, lungs::lung_mask>);
    CHECK(std::is_same_v<groundglass::kappa_weights, statistics::kappa_weights>);
    CHECK(std::is_same_v<groundglass::thresholds_options, severity::thresholds_options>);
}
