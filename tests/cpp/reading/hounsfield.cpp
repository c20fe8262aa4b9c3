#include <groundglass/reading/hounsfield.hpp>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace groundglass;
using namespace groundglass::reading;

namespace {

/// A quarter air, a quarter lung, the rest soft tissue with a little bone, each with noise of 12 HU.
std::vector<double> chest(double slope = 1, double offset = 0) {
    std::mt19937 engine(1);
    std::normal_distribution<double> noise(0, 12);
    std::vector<double> values(40000);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double mean = i % 4 == 0 ? -1000 : i % 4 == 1 ? -850 : i % 40 == 2 ? 600 : 40;
        values[i] = slope * std::max(mean + noise(engine), -1024.0) + offset;
    }
    return values;
}

struct checked {
    std::vector<std::int16_t> values;
    intensity_summary seen;
    notes remarks;
};

checked check(const std::vector<double>& stored, double slope = 1, double intercept = 0) {
    checked result;
    result.values.resize(stored.size());
    result.seen = to_hounsfield<double>(stored, slope, intercept, result.values);
    result.remarks = check_hounsfield(result.values, result.seen);
    return result;
}

std::string refusal(const std::vector<double>& stored) {
    try {
        check(stored);
    } catch (const format_error& error) {
        return error.what();
    }
    return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
bool noted(const notes& remarks, const std::string& code) {
    return std::any_of(remarks.begin(), remarks.end(), [&](const note& n) { return n.code == code; });
}

template <class T>
std::vector<std::int16_t> rescaled(std::vector<T> stored, double slope, double intercept) {
    std::vector<std::int16_t> result(stored.size());
    to_hounsfield<T>(stored, slope, intercept, result);
    return result;
}

} // namespace

TEST_CASE("rescale rounds and cuts to int16") {
    CHECK(rescaled<std::uint16_t>({0, 24, 4095}, 1, -1024) == std::vector<std::int16_t>{-1024, -1000, 3071});
    CHECK(rescaled<std::int16_t>({-3, 1, 3}, 0.5, 0) == std::vector<std::int16_t>{-2, 1, 2});
    CHECK(rescaled<std::uint16_t>({0, 65535}, 1, 0) == std::vector<std::int16_t>{0, 32767});
    CHECK(rescaled<std::int32_t>({-100000, 7}, 1, 0) == std::vector<std::int16_t>{-32768, 7});
    CHECK(rescaled<float>({1.4F, -1.6F, 1e9F}, 1, 0) == std::vector<std::int16_t>{1, -2, 32767});
    CHECK(rescaled<std::int16_t>({1, 2}, 1, -0.4) == std::vector<std::int16_t>{1, 2});
}

TEST_CASE("rescale in place and what it saw") {
    std::vector<std::int16_t> values{5, -7, 2000};
    const auto seen = to_hounsfield<std::int16_t>(values, 1, -1024, values);
    CHECK(values == std::vector<std::int16_t>{-1019, -1031, 976});
    CHECK(seen.count == 3);
    CHECK(seen.lowest == -1031);
    CHECK(seen.highest == 976);
    std::vector<std::int16_t> out(3);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const auto odd = to_hounsfield<float>(std::vector<float>{nan, 1e6F, 0}, 1, 0, out);
    CHECK(odd.not_finite == 1);
    CHECK(odd.out_of_range == 1);
    CHECK(out[0] == lowest_hounsfield);
}

TEST_CASE("a chest in HU passes without a word") {
    const auto result = check(chest());
    CHECK(result.remarks.empty());
    CHECK(check(chest(1, 1024), 1, -1024).remarks.empty());
}

TEST_CASE("an offset of 1024 or 1000 is subtracted, with a warning") {
    for (const int offset : {1024, 1000}) {
        CAPTURE(offset);
        const auto result = check(chest(1, offset));
        REQUIRE(noted(result.remarks, "offset_subtracted"));
        CHECK(result.remarks.front().level == note_level::warning);
        const auto expected = check(chest());
        std::size_t different = 0;
        for (std::size_t i = 0; i < expected.values.size(); ++i)
            different += std::abs(result.values[i] - expected.values[i]) > 0;
        CHECK(different == 0);
    }
}

TEST_CASE("an offset that can't be told is refused") {
    auto stored = chest(1, 1000);
    for (auto& value : stored) value = std::max(value, 0.0); // cut at 0: air at 0 by either offset
    for (std::size_t i = 0; i < stored.size(); i += 4) stored[i] = 0;
    CHECK(has(refusal(stored), "1000 or 1024"));
}

TEST_CASE("values that are no HU are refused by name") {
    CHECK(has(refusal(std::vector<double>(100, 0)), "every voxel holds the value 0"));
    CHECK(has(refusal(chest(1 / 2048.0, 0.5)), "normalised"));
    CHECK(has(refusal(chest(1 / 1024.0, 0)), "normalised"));
    CHECK(has(refusal(chest(0.1, 103)), "8-bit"));
    CHECK(has(refusal(chest(0.01, 0)), "too narrow"));
    CHECK(has(refusal(chest(1, -1024)), "soft tissue")); // the intercept applied twice
    CHECK(has(refusal(chest(1, 400)), "soft tissue"));
    CHECK(has(refusal(chest(1, 3000)), "no voxel is darker than fat"));
    auto wrapped = chest();
    for (auto& value : wrapped)
        if (value < 0) value += 65536;
    CHECK(has(refusal(wrapped), "unsigned"));
    CHECK_THROWS_AS(static_cast<void>(check_hounsfield({}, {})), format_error);
}

TEST_CASE("an MR volume is refused though nothing but its values says so") {
    std::mt19937 engine(2);
    std::exponential_distribution<double> signal(1 / 300.0);
    std::vector<double> values(40000);
    for (auto& value : values) value = std::round(signal(engine));
    CHECK(has(refusal(values), "no Hounsfield units"));
}

TEST_CASE("padding is raised to the scale's floor") {
    auto stored = chest();
    for (std::size_t i = 0; i < stored.size(); i += 8) stored[i] = -3024;
    const auto result = check(stored);
    CHECK(noted(result.remarks, "padding"));
    CHECK(*std::min_element(result.values.begin(), result.values.end()) == -1024);
    CHECK(has(result.remarks.front().text, "12.5 %"));
    CHECK(has(result.remarks.front().text, "-3024"));
}

TEST_CASE("NaN counts as air, with a warning, unless it is most of the volume") {
    auto stored = chest();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t i = 0; i < stored.size(); i += 4) stored[i] = nan;
    const auto result = check(stored);
    CHECK(noted(result.remarks, "not_a_number"));
    CHECK(result.values[0] == -1024);
    for (std::size_t i = 0; i < stored.size(); ++i)
        if (i % 4 != 1) stored[i] = nan;
    CHECK(has(refusal(stored), "75 % of the voxels are not a number"));
    CHECK(has(refusal(std::vector<double>(10, nan)), "not a number"));
}

TEST_CASE("a few saturated voxels are a note") {
    auto stored = chest();
    stored[2] = 40000;
    CHECK(noted(check(stored).remarks, "saturated"));
}

TEST_CASE("a volume without lungs is a warning") {
    std::vector<double> belly(40000);
    std::mt19937 engine(3);
    std::normal_distribution<double> noise(0, 15);
    for (std::size_t i = 0; i < belly.size(); ++i) belly[i] = (i % 3 == 0 ? -105 : 45) + noise(engine);
    CHECK(noted(check(belly).remarks, "no_lung_air"));
    CHECK(noted(check(chest(0.5, 0)).remarks, "no_lung_air")); // HU halved on the way
}
