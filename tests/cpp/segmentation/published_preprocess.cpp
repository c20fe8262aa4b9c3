#include <groundglass/segmentation/published_preprocess.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

using namespace groundglass::segmentation;

// The expected numbers are printed by published_reference.py beside this file.

namespace {

constexpr image_size size{7, 9};

std::vector<std::uint8_t> picture() {
    std::vector<std::uint8_t> result(size.area());
    for (std::size_t r = 0; r < size.rows; ++r)
        for (std::size_t c = 0; c < size.columns; ++c)
            result[r * size.columns + c] = static_cast<std::uint8_t>((r * 37 + c * 91 + r * c * 13) % 256);
    return result;
}

/// HU that the clip of 42-EPOCHS cuts at both ends.
std::vector<float> wide() {
    std::vector<float> result;
    for (const float value : picture()) result.push_back(value * 9 - 1700);
    return result;
}

int furthest(const std::vector<std::uint8_t>& found, const std::vector<int>& expected) {
    REQUIRE(found.size() == expected.size());
    int most = 0;
    for (std::size_t i = 0; i < found.size(); ++i) most = std::max(most, std::abs(found[i] - expected[i]));
    return most;
}

} // namespace

TEST_CASE("opencv_resize: the 8-bit numbers of OpenCV to one grey level") {
    const auto check = [](image_size target, const std::vector<int>& expected) {
        std::vector<std::uint8_t> out(target.area());
        opencv_resize<std::uint8_t>(picture(), size, out, target);
        CHECK(furthest(out, expected) <= 1);
    };
    check({3, 4}, {87, 87, 98, 184, 192, 229, 233, 206, 137, 168, 144, 174});
    check({5, 9}, {7,  101, 195, 32,  126, 168, 57,  150, 193, 59,  171, 129, 138, 97,  106,
                   64, 176, 185, 111, 241, 115, 245, 119, 249, 123, 253, 127, 163, 55,  203,
                   95, 141, 136, 182, 176, 68,  215, 125, 86,  202, 112, 74,  189, 150, 61});
    check({3, 20}, {25,  42,  87,  132, 177, 221, 158, 87,  100, 145, 151, 119, 98,  104, 113,
                    158, 203, 184, 152, 139, 111, 134, 192, 232, 175, 118, 170, 229, 204, 147,
                    148, 207, 233, 177, 126, 185, 243, 206, 149, 127, 197, 180, 137, 107, 141,
                    175, 172, 168, 135, 92,  87,  121, 144, 140, 137, 171, 205, 174, 131, 114});
}

TEST_CASE("opencv_resize: the float numbers of OpenCV") {
    const auto source = picture();
    const std::vector<float> values(source.begin(), source.end());
    const auto check = [&](image_size target, const std::vector<float>& expected) {
        std::vector<float> out(target.area());
        REQUIRE(out.size() == expected.size());
        opencv_resize<float>(values, size, out, target);
        for (std::size_t i = 0; i < out.size(); ++i) CHECK(std::abs(out[i] - expected[i]) < 255e-6F);
    };
    check({3, 4}, {86.95834F, 87.20834F, 98.125F, 183.7083F, 192.25F, 228.75F, 233.25F, 205.75F, 137.5417F,
                   167.625F, 144.375F, 174.4583F});
    check({5, 9},
          {7.4F,   101.0F, 194.6F, 32.2F,     125.8F, 168.2F, 57.0F,  150.6F, 193.0F, 59.2F,  171.0F, 129.2F,
           138.6F, 96.8F,  106.2F, 64.39999F, 176.2F, 185.6F, 111.0F, 241.0F, 115.0F, 245.0F, 119.0F, 249.0F,
           123.0F, 253.0F, 127.0F, 162.8F,    55.0F,  203.2F, 95.4F,  141.2F, 135.8F, 181.6F, 176.2F, 68.4F,
           214.6F, 125.0F, 86.6F,  201.8F,    112.2F, 73.8F,  189.0F, 150.6F, 61.0F});
    check({3, 20},
          {24.66667F, 42.10833F, 86.95834F, 131.8083F, 176.6583F, 221.5083F, 157.5583F, 87.20834F, 100.0583F,
           144.9083F, 151.3583F, 119.4083F, 98.125F,   104.575F,  113.1583F, 158.0083F, 202.8583F, 183.7083F,
           151.7583F, 139.3333F, 111.0F,    133.75F,   192.25F,   231.55F,   174.85F,   118.15F,   170.25F,
           228.75F,   204.05F,   147.35F,   148.25F,   206.75F,   233.25F,   176.55F,   126.25F,   184.75F,
           243.25F,   205.75F,   149.05F,   127.0F,    197.3333F, 180.5917F, 137.5417F, 107.2917F, 141.0417F,
           174.7917F, 172.275F,  167.625F,  135.2417F, 92.19167F, 87.54166F, 121.2917F, 144.375F,  139.725F,
           137.2083F, 170.9583F, 204.7083F, 174.4583F, 131.4083F, 114.6667F});
}

TEST_CASE("nearest_resize: the pixels that OpenCV takes") {
    const auto check = [](image_size target, const std::vector<int>& expected) {
        std::vector<std::uint8_t> out(target.area());
        nearest_resize<std::uint8_t>(picture(), size, out, target);
        CHECK(furthest(out, expected) == 0);
    };
    check({3, 4}, {0, 182, 108, 34, 74, 52, 30, 8, 148, 178, 208, 238});
    check({5, 9}, {0,   91,  182, 17,  108, 199, 34,  125, 216, 37,  141, 245, 93,  197, 45,
                   149, 253, 101, 74,  191, 52,  169, 30,  147, 8,   125, 242, 148, 35,  178,
                   65,  208, 95,  238, 125, 12,  185, 85,  241, 141, 41,  197, 97,  253, 153});
    check({3, 20}, {0,   0,   0,   91,  91,  182, 182, 17,  17,  108, 108, 108, 199, 199, 34,
                    34,  125, 125, 216, 216, 74,  74,  74,  191, 191, 52,  52,  169, 169, 30,
                    30,  30,  147, 147, 8,   8,   125, 125, 242, 242, 148, 148, 148, 35,  35,
                    178, 178, 65,  65,  208, 208, 208, 95,  95,  238, 238, 125, 125, 12,  12});
}

TEST_CASE("pillow_resize: the 8-bit numbers of Pillow to one grey level") {
    const auto check = [](image_size target, const std::vector<int>& expected) {
        std::vector<std::uint8_t> out(target.area());
        pillow_resize(picture(), size, out, target);
        CHECK(furthest(out, expected) <= 1);
    };
    check({3, 4}, {105, 124, 115, 157, 139, 148, 150, 154, 142, 139, 136, 141});
    check({5, 9}, {12, 108, 203, 42,  138, 148, 72,  168, 178, 58,  169, 138, 135, 104, 102,
                   71, 182, 179, 111, 194, 115, 198, 119, 202, 123, 206, 127, 164, 57,  206,
                   99, 134, 140, 175, 182, 75,  210, 118, 112, 192, 100, 94,  174, 168, 76});
    check({3, 20}, {32,  50,  96,  138, 159, 180, 139, 94,  97,  118, 127, 124, 117, 97,  81,
                    126, 172, 177, 173, 172, 111, 121, 145, 163, 147, 131, 147, 165, 153, 130,
                    131, 156, 168, 145, 125, 156, 188, 168, 139, 127, 190, 173, 129, 97,  127,
                    157, 156, 153, 138, 119, 111, 116, 126, 148, 168, 174, 179, 143, 99,  82});
}

TEST_CASE("resizing to the same size copies, a size of 0 or another length is refused") {
    const auto source = picture();
    std::vector<std::uint8_t> out(size.area());
    opencv_resize<std::uint8_t>(source, size, out, size);
    CHECK(out == source);
    pillow_resize(source, size, out, size);
    CHECK(out == source);
    std::vector<std::uint8_t> none;
    CHECK_THROWS_AS(opencv_resize<std::uint8_t>(source, size, none, {0, 4}), std::invalid_argument);
    CHECK_THROWS_AS(pillow_resize(source, size, none, {0, 4}), std::invalid_argument);
    CHECK_THROWS_AS(pillow_resize(source, {7, 8}, out, size), std::invalid_argument);
    std::vector<std::uint8_t> one(1);
    opencv_resize<std::uint8_t>(std::vector<std::uint8_t>{77}, {1, 1}, one, {1, 1});
    std::vector<std::uint8_t> many(20);
    opencv_resize<std::uint8_t>(one, {1, 1}, many, {4, 5});
    CHECK(many == std::vector<std::uint8_t>(20, 77));
}

TEST_CASE("min_max_to_8_bit: stretched and rounded; a constant plane becomes 0") {
    const auto values = wide();
    std::vector<std::uint8_t> out(values.size());
    min_max_to_8_bit<float>(values, out);
    out.resize(12);
    CHECK(furthest(out, {0, 92, 183, 17, 109, 201, 34, 126, 218, 37, 142, 247}) == 0);
    // However small the spread: what the published system does to a slice without lesion.
    std::vector<std::uint8_t> tiny(3);
    min_max_to_8_bit<float>(std::vector<float>{1e-6F, 2.2e-6F, 3e-6F}, tiny);
    CHECK(tiny == std::vector<std::uint8_t>{0, 153, 255});
    min_max_to_8_bit<float>(std::vector<float>{0.4F, 0.4F, 0.4F}, tiny);
    CHECK(tiny == std::vector<std::uint8_t>{0, 0, 0});
    min_max_to_8_bit<std::int16_t>(std::vector<std::int16_t>{-32768, 0, 32767}, tiny);
    CHECK(tiny == std::vector<std::uint8_t>{0, 128, 255});
}

TEST_CASE("percentile: interpolated as NumPy does it") {
    auto values = wide();
    for (float& value : values) value = std::clamp(value, -1500.0F, 500.0F);
    const std::vector<double> expected{-1493, -810.44, 500};
    CHECK(percentile(values, 5) == doctest::Approx(expected[0]).epsilon(1e-9));
    CHECK(percentile(values, 33) == doctest::Approx(expected[1]).epsilon(1e-6));
    CHECK(percentile(values, 95) == doctest::Approx(expected[2]).epsilon(1e-9));
    std::vector<float> one{3.5F};
    CHECK(percentile(one, 0) == 3.5);
    CHECK(percentile(one, 100) == 3.5);
    CHECK_THROWS_AS(percentile({}, 5), std::invalid_argument);
    CHECK_THROWS_AS(percentile(one, 101), std::invalid_argument);
}

TEST_CASE("percentile_z_score: the numbers of NumPy") {
    auto values = wide();
    for (float& value : values) value = std::clamp(value, -1500.0F, 500.0F);
    const std::vector<double> expected{-513.6981, 568.3422};
    const auto own = spread_between(values, {5, 95});
    CHECK(own.mean == doctest::Approx(expected[0]).epsilon(1e-6));
    CHECK(own.deviation == doctest::Approx(expected[1]).epsilon(1e-6));

    values = wide();
    percentile_z_score(values, {-1500, 500}, {5, 95}, {0.485, 0.229});
    const std::vector<float> first{-9.696076F, -4.940039F, 1.352683F,  -9.696076F,
                                   -3.764475F, 2.528246F,  -8.881633F, -2.588912F};
    for (std::size_t i = 0; i < first.size(); ++i) CHECK(std::abs(values[i] - first[i]) < 1e-5F);
}

TEST_CASE("percentile_z_score: images without spread give numbers") {
    const auto normalised = [](std::vector<float> values) {
        percentile_z_score(values, {-1500, 500}, {5, 95}, {0.485, 0.229});
        return values;
    };
    const float zero = -0.485F / 0.229F;
    for (const float value : normalised(std::vector<float>(40, 7.0F))) CHECK(value == doctest::Approx(zero));
    for (const float value : normalised({9.0F})) CHECK(value == doctest::Approx(zero));
    // Two values, and none strictly between the percentiles: the spread of all of them.
    std::vector<float> halves(20, 10.0F);
    std::fill_n(halves.begin(), 10, 30.0F);
    const auto two = normalised(halves);
    CHECK(two[0] == doctest::Approx((1 - 0.485) / 0.229));
    CHECK(two[19] == doctest::Approx((-1 - 0.485) / 0.229));
    auto broken = wide();
    broken[3] = std::numeric_limits<float>::quiet_NaN();
    for (const float value : normalised(broken)) CHECK(std::isfinite(value));
}

TEST_CASE("imagenet_normalise: over 255, less the mean, over the deviation") {
    const auto source = picture();
    std::vector<float> out(6);
    imagenet_normalise(std::span(source).first(6), {0.456, 0.224}, out);
    const std::vector<float> expected{-2.035714F, -0.442577F, 1.15056F, -1.738095F, -0.144958F, 1.448179F};
    for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(out[i] - expected[i]) < 1e-5F);
    CHECK_THROWS_AS(imagenet_normalise(std::span(source), {}, out), std::invalid_argument);
}
