#include "models.hpp"
#include <groundglass/segmentation/inf_net.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::segmentation;
using segmentation::inf_net;
using segmentation::inf_net_options;

namespace {

constexpr shape3 shape{10, 48, 64};

/// Two lungs of air in slices 1 to 8; in the left one -400 HU above 50 HU, in slices 3 to 6.
lung_ct patient() {
    auto ct = make_array<std::int16_t>(shape, 40);
    auto lungs = make_array<std::uint8_t>(shape);
    for (std::size_t s = 1; s < 9; ++s)
        for (std::size_t r = 8; r < 40; ++r)
            for (std::size_t c = 6; c < 58; ++c) {
                if (c >= 28 && c < 36) continue;
                ct(s, r, c) = -1000;
                lungs(s, r, c) = c < 28 ? 2 : 1;
            }
    for (std::size_t s = 3; s < 7; ++s)
        for (std::size_t r = 12; r < 36; ++r)
            for (std::size_t c = 40; c < 50; ++c)
                if (r < 22 || r >= 26) ct(s, r, c) = r < 22 ? -400 : 50;
    return {ct_volume(ct, {.shape = shape, .spacing_mm = {2, 1, 1}}), lungs};
}

/// Empty, with a message, where the models could not be made.
inf_net_options files() {
    return {.infection = test_model("infection.pt"), .multi_class = test_model("multi_class.pt")};
}

std::string refusal(const inf_net_options& options) {
    try {
        static_cast<void>(inf_net(options));
    } catch (const std::exception& error) {
        return error.what();
    }
    return "accepted";
}

bool says(const inf_net_options& options, const std::string& text) {
    return refusal(options).find(text) != std::string::npos;
}

} // namespace

TEST_CASE("inf_net: lesions of known place and class, nothing beyond the lungs") {
    auto options = files();
    if (options.infection.empty()) return;
    options.keep_probabilities = true;
    const auto result = patient() | inf_net(options);
    for (std::size_t s = 4; s < 6; ++s) {
        CHECK(result.lesions()(s, 17, 45) == 1);
        CHECK(result.lesions()(s, 31, 45) == 2);
        // One of the five slices that are averaged has no lesion.
        CHECK((*result.ground_glass_probability())(s, 17, 45) == doctest::Approx(204).epsilon(0.02));
        CHECK((*result.consolidation_probability())(s, 31, 45) == doctest::Approx(204).epsilon(0.02));
    }
    CHECK(result.lesions()(5, 17, 15) == 0);
    CHECK(result.lesions()(8, 17, 45) == 0);
    std::size_t outside = 0;
    for (std::size_t i = 0; i < result.ct().grid().size(); ++i)
        outside += flat(result.lesions())[i] != 0 && flat(result.lungs())[i] == 0 ? 1 : 0;
    CHECK(outside == 0);
    CHECK(result.notes()[0].text.find("8 slices with lung by tiny 1 and tiny 1") != std::string::npos);
}

TEST_CASE("inf_net: as published, the whole slice, each stretched for itself") {
    const auto models = files();
    if (models.infection.empty()) return;
    const auto options = inf_net_options::compatible(models.infection, models.multi_class);
    const auto result = inf_net(options)(patient());
    for (std::size_t s = 3; s < 7; ++s) {
        CHECK(result.lesions()(s, 17, 45) == 1);
        CHECK(result.lesions()(s, 31, 45) == 2);
        // The wall, which the stand-in takes for consolidation.
        CHECK(result.lesions()(s, 2, 2) == 2);
    }
    // A constant slice becomes 0, its map too, and nothing is found: no label is stretched to ground glass.
    const auto first = slice_of(result.lesions(), 0);
    CHECK(std::ranges::all_of(first, [](std::uint8_t label) { return label == 0; }));
    CHECK(result.notes()[0].text.find("10 slices by tiny 1 and tiny 1 as published") != std::string::npos);
}

TEST_CASE("inf_net: any number of threads gives the same bytes, and progress can stop it") {
    auto options = files();
    if (options.infection.empty()) return;
    options.keep_probabilities = true;
    for (const bool published : {false, true}) {
        if (published) options = inf_net_options::compatible(options.infection, options.multi_class);
        options.threads = 1;
        const auto one = inf_net(options)(patient());
        options.threads = 4;
        const inf_net stage(options);
        const auto many = stage(patient());
        CHECK(one.lesions() == many.lesions());
        if (!published) CHECK(*one.ground_glass_probability() == *many.ground_glass_probability());
        CHECK_THROWS_AS(
            static_cast<void>(stage.run(patient(), [](std::size_t, std::size_t) { return false; })),
            segmentation::cancelled);
    }
}

TEST_CASE("inf_net: a picture and the slice it shows give nearly the same") {
    const auto models = files();
    if (models.infection.empty()) return;
    const segmentation::image_size size{70, 90};
    std::vector<std::uint8_t> grey(size.area(), 20);
    std::vector<float> hounsfield(size.area(), -1350.0F + 20.0F * 1500 / 255);
    for (std::size_t r = 20; r < 50; ++r)
        for (std::size_t c = 30; c < 60; ++c) {
            grey[r * 90 + c] = 170;
            hounsfield[r * 90 + c] = -350.0F;
        }
    const inf_net stage(models);
    const auto picture = stage.segment_image(std::span<const std::uint8_t>(grey), size);
    const auto slice = stage.segment_image(std::span<const float>(hounsfield), size);
    CHECK(shape_of(picture) == shape3{2, 70, 90});
    CHECK(picture(0, 35, 45) > 0.9F);
    CHECK(picture(0, 5, 5) < 0.1F);
    for (std::size_t i = 0; i < flat(slice).size(); ++i)
        CHECK(flat(slice)[i] == doctest::Approx(flat(picture)[i]).epsilon(1e-3));
    CHECK_THROWS_AS(static_cast<void>(stage.segment_image(std::span<const float>(hounsfield), {3, 4})),
                    std::invalid_argument);
}

TEST_CASE("inf_net: options and models that do not fit are named") {
    const auto models = files();
    if (models.infection.empty()) return;
    inf_net_options options;
    CHECK(says(options, "inf_net: infection is empty"));
    options.infection = "x";
    CHECK(says(options, "inf_net: multi_class is empty"));
    options = models;
    options.threads = -1;
    CHECK(says(options, "inf_net: threads"));
    options = models;
    options.window_hu = {5, 5};
    CHECK(says(options, "inf_net: window_hu must be (low, high) with low < high, found (5, 5)"));
    options = models;
    options.as_published = true;
    CHECK(says(options, "average_mm must be 0 with as_published, found 4.5"));
    options = models;
    std::swap(options.infection, options.multi_class);
    CHECK(says(options, "infection needs a model of input imagenet_rgb, and this one has "
                        "imagenet_bgr_with_infection"));
    options = models;
    options.multi_class = test_model("tiny.pt");
    CHECK(says(options, "multi_class needs a model of input imagenet_bgr_with_infection"));
    options.multi_class = "missing.pt";
    CHECK(says(options, "missing.pt: no such model file"));
    CHECK(inf_net(models) == inf_net(models));
    CHECK_FALSE(inf_net(models) ==
                inf_net(inf_net_options::compatible(models.infection, models.multi_class)));
}
