#include <groundglass/segmentation/preprocess.hpp>

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace groundglass::segmentation;

TEST_CASE("mask_box: the smallest box, widened but kept inside") {
    const image_size size{6, 8};
    std::vector<std::uint8_t> mask(size.area());
    CHECK(mask_box(mask, size).empty());

    mask[1 * 8 + 2] = 1;
    mask[3 * 8 + 6] = 2;
    CHECK(mask_box(mask, size) == pixel_box{1, 2, {3, 5}});
    CHECK(mask_box(mask, size, {1, 1}) == pixel_box{0, 1, {5, 7}});
    CHECK(mask_box(mask, size, {9, 9}) == pixel_box{0, 0, size});
    CHECK_THROWS_AS(static_cast<void>(mask_box(mask, {6, 7})), std::invalid_argument);
}

TEST_CASE("map_range: a window becomes the network's range, outside it is clipped") {
    const std::vector<std::int16_t> hounsfield{-2000, -1350, -600, 150, 3000, 0};
    std::vector<float> out(6);
    map_range(std::span(hounsfield), {2, 3}, {0, 0, {2, 3}}, {-1350, 150}, {-1, 1}, std::span(out));
    const std::array<float, 6> expected{-1, -1, 0, 1, 1, 0.8F};
    for (std::size_t i = 0; i < 6; ++i) CHECK(out[i] == doctest::Approx(expected[i]));

    const std::vector<std::uint8_t> grey{0, 255, 51, 102, 1, 2};
    std::vector<float> part(2);
    map_range(std::span(grey), {2, 3}, {0, 1, {1, 2}}, {0, 255}, {0, 1}, std::span(part));
    CHECK(part[0] == doctest::Approx(1.0F));
    CHECK(part[1] == doctest::Approx(0.2F));
}

TEST_CASE("fit_long_edge keeps the aspect, round_up goes to the next multiple") {
    CHECK(fit_long_edge({512, 256}, 352) == image_size{352, 176});
    CHECK(fit_long_edge({100, 200}, 352) == image_size{176, 352});
    CHECK(fit_long_edge({1, 5000}, 352) == image_size{1, 352});
    CHECK(round_up(352, 32) == 352);
    CHECK(round_up(353, 32) == 384);
}

TEST_CASE("pad_plane and unpad_plane are inverse") {
    const std::vector<float> plane{1, 2, 3, 4, 5, 6};
    std::vector<float> padded(12, -9);
    pad_plane(plane, {2, 3}, padded, {3, 4}, 0.5F);
    CHECK(padded == std::vector<float>{1, 2, 3, 0.5F, 4, 5, 6, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F});
    std::vector<float> back(6);
    unpad_plane(padded, {3, 4}, back, {2, 3});
    CHECK(back == plane);
}

TEST_CASE("bilinear_resize: the numbers of Pillow") {
    // Printed by resize_reference.py beside this file.
    const std::vector<float> source{0, 10, 20, 30, 5, -4, 8, 16, 2, 7, 1, 60, 100, 30, 45};
    const auto check = [&](image_size target, const std::vector<float>& expected) {
        REQUIRE(expected.size() == target.area());
        std::vector<float> out(target.area());
        bilinear_resize({3, 5}, target)(source, out);
        for (std::size_t i = 0; i < out.size(); ++i)
            CHECK(out[i] == doctest::Approx(expected[i]).epsilon(1e-5));
    };
    check({2, 3}, {3.1071427F, 16.6666660F, 11.6428576F, 16.8571434F, 51.3888893F, 25.9285717F});
    check({5, 4}, {2.5000000F,  14.1666670F, 25.8333340F, 11.2500000F, 1.1000000F,  13.0333338F, 18.6333332F,
                   9.0500002F,  -1.0000000F, 11.3333330F, 7.8333335F,  5.7500000F,  9.0500002F,  50.5333328F,
                   38.6333351F, 27.0499992F, 15.7500000F, 76.6666641F, 59.1666679F, 41.2500000F});
    check({2, 9}, {-1.5000000F, 2.0833333F, 8.0555553F, 13.3611107F, 18.5000000F, 19.0555553F, 17.9722214F,
                   10.3333330F, 5.7500000F, -0.8750000F, 12.9166670F, 35.9027786F, 52.9444427F, 68.5000000F,
                   41.2777786F, 20.7500000F, 27.0000000F, 30.7500000F});
}

TEST_CASE("bilinear_resize: constants stay, the identity copies, a size of 0 is refused") {
    const std::vector<float> source(7 * 9, 0.3F);
    for (const image_size target : {image_size{1, 1}, {3, 20}, {20, 3}, {64, 64}}) {
        std::vector<float> out(target.area(), 9.0F);
        bilinear_resize({7, 9}, target)(source, out);
        for (const float value : out) CHECK(value == doctest::Approx(0.3F).epsilon(1e-6));
    }
    std::vector<float> ramp(6);
    for (std::size_t i = 0; i < 6; ++i) ramp[i] = static_cast<float>(i);
    std::vector<float> same(6);
    bilinear_resize({2, 3}, {2, 3})(ramp, same);
    CHECK(same == ramp);
    CHECK_THROWS_AS(triangle_weights(0, 3), std::invalid_argument);
    CHECK_THROWS_AS(bilinear_resize({2, 3}, {4, 4})(ramp, same), std::invalid_argument);
}
