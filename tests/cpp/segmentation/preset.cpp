#include <groundglass/segmentation/lesion_options.hpp>
#include <groundglass/segmentation/preset.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace groundglass::segmentation;

TEST_CASE("a preset is a word for networks, size and views") {
    CHECK(settings_of(preset::fast).models.size() == 1);
    CHECK(settings_of(preset::standard).models.size() == 2);
    CHECK(settings_of(preset::best).views == 4);
    for (const auto value : {preset::fast, preset::standard, preset::best}) {
        CHECK(preset_named(name_of(value)) == value);
        const auto options = lesion_options::of(value);
        CHECK(options.views == settings_of(value).views);
        CHECK(options.long_edge == settings_of(value).long_edge);
        CHECK(options.threshold == lesion_options{}.threshold);
    }
    CHECK_THROWS_AS(static_cast<void>(preset_named("slow")), std::invalid_argument);
}
