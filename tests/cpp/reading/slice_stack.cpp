#include <groundglass/reading/slice_stack.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::reading;

namespace {

/// `n` axial slices from the head down, as scanners number them.
std::vector<slice_header> slices(std::size_t n, double spacing = 2) {
    std::vector<slice_header> result(n);
    for (std::size_t i = 0; i < n; ++i) {
        auto& h = result[i];
        h.series_uid = "1.2";
        h.modality = "CT";
        h.rows = 4, h.columns = 5;
        h.position = vector3{-10, -20, 100 - spacing * static_cast<double>(i)};
        h.orientation = {1, 0, 0, 0, 1, 0};
        h.pixel_spacing = {0.7, 0.8};
        h.slice_thickness = spacing;
        h.rescale_slope = 1, h.rescale_intercept = -1024;
        h.instance_number = static_cast<int>(i + 1);
    }
    return result;
}

slice_stack stack(const std::vector<slice_header>& headers, double tolerance = 0.1) {
    std::vector<std::size_t> all(headers.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return stack_slices(headers, all, tolerance);
}

std::string refusal(const std::vector<slice_header>& headers) {
    try {
        static_cast<void>(stack(headers));
    } catch (const format_error& error) {
        return error.what();
    }
    return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool noted(const slice_stack& s, const std::string& code) {
    return std::any_of(s.remarks.begin(), s.remarks.end(), [&](const note& n) { return n.code == code; });
}

} // namespace

TEST_CASE("slices are ordered by position, from feet to head") {
    const auto headers = slices(5);
    const auto s = stack(headers);
    CHECK(s.order == std::vector<std::size_t>{4, 3, 2, 1, 0});
    CHECK(s.grid.shape == shape3{5, 4, 5});
    CHECK(s.grid.spacing_mm[0] == doctest::Approx(2));
    CHECK(s.grid.spacing_mm[1] == 0.7);
    CHECK(s.grid.spacing_mm[2] == 0.8);
    CHECK(s.grid.origin_mm == vector3{-10, -20, 92});
    CHECK(s.grid.is_axial());
    CHECK(s.remarks.empty());
}

TEST_CASE("neither instance numbers nor the order of files matter") {
    auto headers = slices(6);
    std::swap(headers[1], headers[4]);
    for (auto& h : headers) h.instance_number = 7;
    const auto s = stack(headers);
    for (std::size_t i = 1; i < 6; ++i)
        CHECK((*headers[s.order[i]].position)[2] > (*headers[s.order[i - 1]].position)[2]);
}

TEST_CASE("a missing slice is refused, with its place and number") {
    auto headers = slices(20);
    headers.erase(headers.begin() + 5, headers.begin() + 8);
    const auto text = refusal(headers);
    CHECK(has(text, "3 slices are missing"));
    CHECK(has(text, "between z = 84 mm and z = 92 mm"));
    CHECK(has(text, "2 mm apart"));

    headers = slices(20);
    headers.erase(headers.begin() + 15);
    headers.erase(headers.begin() + 3);
    CHECK(has(refusal(headers),
              "2 slices are missing: 1 slice between z = 68 mm and z = 72 mm, 1 slice between"));
}

TEST_CASE("unevenly spaced slices are refused") {
    auto headers = slices(10);
    (*headers[4].position)[2] += 0.5;
    CHECK(has(refusal(headers), "unevenly spaced"));
    headers = slices(10);
    for (std::size_t i = 5; i < 10; ++i) (*headers[i].position)[2] -= 1.3;
    CHECK(has(refusal(headers), "unevenly spaced"));
}

TEST_CASE("rounding in the header is no unevenness") {
    auto headers = slices(10, 0.3);
    for (auto& h : headers) (*h.position)[2] += 0.00001;
    (*headers[3].position)[2] -= 0.0001;
    CHECK(stack(headers).remarks.empty());

    headers = slices(40, 0.625); // to one decimal, as some archives do
    for (auto& h : headers) (*h.position)[2] = std::round((*h.position)[2] * 10) / 10;
    const auto s = stack(headers);
    CHECK(noted(s, "uneven_positions"));
    CHECK(s.grid.spacing_mm[0] == doctest::Approx(0.625).epsilon(0.01));
    CHECK_THROWS_AS(static_cast<void>(stack(headers, 0.01)), format_error);
}

TEST_CASE("two images at one place are refused") {
    auto headers = slices(6);
    headers.push_back(headers[2]);
    CHECK(has(refusal(headers), "1 position (the first at z = 96 mm) holds two different images"));
}

TEST_CASE("a gantry tilt shears the grid and is noted") {
    auto headers = slices(11);
    const double angle = 12 * 3.14159265358979323846 / 180;
    // The table moves along z, the planes are tilted about x.
    for (auto& h : headers) h.orientation = {1, 0, 0, 0, std::cos(angle), std::sin(angle)};
    const auto s = stack(headers);
    CHECK(noted(s, "gantry_tilt"));
    CHECK(s.grid.tilt_degrees() == doctest::Approx(12));
    CHECK(s.grid.direction[0][2] == doctest::Approx(1));
    CHECK(s.grid.spacing_mm[0] == doctest::Approx(2));
    CHECK(s.grid.voxel_ml() == doctest::Approx(2 * std::cos(angle) * 0.7 * 0.8 / 1000));
    const auto last = s.grid.position_mm(10, 0, 0);
    CHECK(last[2] == doctest::Approx(100));
}

TEST_CASE("a tilt that only the header names is a warning") {
    auto headers = slices(5);
    for (auto& h : headers) h.gantry_tilt_degrees = 15;
    CHECK(noted(stack(headers), "tilt_not_in_positions"));
}

TEST_CASE("slices shifted sideways are refused") {
    auto headers = slices(10);
    (*headers[5].position)[0] += 3;
    CHECK(has(refusal(headers), "sideways"));
}

TEST_CASE("the spacing comes from positions, not from the thickness") {
    auto headers = slices(5);
    for (auto& h : headers) h.slice_thickness = 3;
    CHECK(noted(stack(headers), "slice_overlap"));
    CHECK(stack(headers).grid.spacing_mm[0] == doctest::Approx(2));
    for (auto& h : headers) h.slice_thickness = 0.75;
    const auto s = stack(headers);
    REQUIRE(noted(s, "slice_gap"));
    CHECK(s.remarks.front().level == note_level::warning);
}

TEST_CASE("a single slice takes its thickness") {
    auto headers = slices(1);
    const auto s = stack(headers);
    CHECK(noted(s, "single_slice"));
    CHECK(s.grid.spacing_mm[0] == 2);
    headers[0].slice_thickness.reset();
    CHECK(has(refusal(headers), "Slice Thickness"));
}

TEST_CASE("positions that are absent") {
    auto headers = slices(5);
    for (auto& h : headers) h.slice_location = (*h.position)[2], h.position.reset();
    const auto s = stack(headers);
    CHECK(noted(s, "position_assumed"));
    CHECK(s.order.front() == 4);
    CHECK(s.grid.spacing_mm[0] == doctest::Approx(2));
    headers[2].slice_location.reset();
    CHECK(has(refusal(headers), "1 of 5 slices have neither"));

    headers = slices(5);
    for (auto& h : headers) h.orientation.reset();
    CHECK(noted(stack(headers), "orientation_assumed"));
}

TEST_CASE("damaged geometry is refused") {
    const auto broken = [](const std::function<void(slice_header&)>& change) {
        auto headers = slices(4);
        for (auto& h : headers) change(h);
        return refusal(headers);
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(has(broken([](auto& h) { h.orientation = {1, 0, 0, 1, 0, 0}; }), "Image Orientation"));
    CHECK(has(broken([](auto& h) { h.orientation = {0, 0, 0, 0, 0, 0}; }), "Image Orientation"));
    CHECK(has(broken([&](auto& h) { h.orientation = {nan, 0, 0, 0, 1, 0}; }), "Image Orientation"));
    CHECK(has(broken([](auto& h) { h.pixel_spacing.reset(); }), "Pixel Spacing"));
    CHECK(has(broken([](auto& h) { h.pixel_spacing = {0, 0.7}; }), "Pixel Spacing"));
    CHECK(has(broken([&](auto& h) { h.position = {nan, 0, 0}; }), "finite"));
    CHECK(has(broken([](auto& h) { h.rescale_slope = 0; }), "Rescale Slope"));
}

TEST_CASE("the rescale of every slice counts") {
    auto headers = slices(5);
    headers[1].rescale_intercept = -1000;
    CHECK(noted(stack(headers), "rescale_varies"));
    headers[1].rescale_intercept.reset();
    CHECK(has(refusal(headers), "absent in 1 of 5 slices"));
    for (auto& h : headers) h.rescale_intercept.reset();
    CHECK(noted(stack(headers), "rescale_missing"));
    for (auto& h : headers) h.lossy = true;
    CHECK(noted(stack(headers), "lossy_compression"));
}

TEST_CASE("sagittal and coronal stacks run along the body's axes") {
    auto headers = slices(6);
    for (std::size_t i = 0; i < 6; ++i) { // coronal, from back to front
        headers[i].orientation = {1, 0, 0, 0, 0, -1};
        headers[i].position = vector3{-10, 50 - 2.0 * static_cast<double>(i), 80};
    }
    const auto s = stack(headers);
    CHECK(s.grid.direction[0][1] == doctest::Approx(1));
    CHECK(s.grid.direction[1][2] == doctest::Approx(-1));
    headers.erase(headers.begin() + 3);
    CHECK(has(refusal(headers), "1 slice is missing: 1 slice between 42 mm along the normal"));
}
