#include "../made_series.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace groundglass;
using namespace groundglass::reading;

namespace {

/// A second scan of the same range: its slices lie `shift` mm higher.
template <class Change>
std::vector<slice_header> two_passes(double shift, Change change, std::size_t slices = 40) {
    auto first = changed(series("1.1", slices, 5), [](auto& h) {
        h.acquisition_number = 1, h.frame_of_reference_uid = "3.1", h.acquisition_time = "120000";
    });
    auto second = changed(first, [&](auto& h) {
        (*h.position)[2] += shift;
        h.instance_uid += "b";
    });
    for (std::size_t i = 0; i < slices; ++i) change(second[i], i);
    auto both = joined({first, second});
    std::shuffle(both.begin(), both.end(), std::mt19937(1));
    return both;
}

} // namespace

TEST_CASE("two passes shifted by a part of a step are two scans") {
    for (const double shift : {2.5, 1.5, 0.6, -2.5, 4.0, 0.0}) {
        const auto headers = two_passes(shift, [](slice_header& h, std::size_t i) {
            h.acquisition_number = 2, h.acquisition_time = "120100";
            h.instance_number = 41 + static_cast<int>(i);
        });
        const auto plan = plan_series(headers);
        CHECK(plan.order.size() == 40);
        CHECK(plan.grid.spacing_mm[0] == doctest::Approx(5));
        CHECK(plan.series_uid == "1.1/1");
        REQUIRE(noted(plan, "mixed_series"));
        CHECK(has(noted(plan, "mixed_series")->text, "Acquisition Number"));
        const auto other = plan_series(headers, {.series_uid = "1.1/2"});
        CHECK(other.order.size() == 40);
        for (const auto i : other.order) CHECK(headers[i].acquisition_number == 2);
    }
}

TEST_CASE("passes are told apart by any two witnesses") {
    const auto numbered = [](slice_header& h, std::size_t i) {
        h.instance_number = 41 + static_cast<int>(i);
    };
    const auto check = [&](auto change) {
        const auto plan = plan_series(two_passes(2.5, [&](slice_header& h, std::size_t i) {
            numbered(h, i);
            change(h, i);
        }));
        CHECK(plan.order.size() == 40);
        CHECK(plan.grid.spacing_mm[0] == doctest::Approx(5));
    };
    check([](slice_header& h, std::size_t) { h.acquisition_time = "120100"; });
    check([](slice_header& h, std::size_t) { h.series_uid = "1.2"; });
    check([](slice_header& h, std::size_t) { h.convolution_kernel = "B70f"; });
    check([](slice_header& h, std::size_t) { h.frame_of_reference_uid = "3.2"; });
    check([](slice_header& h, std::size_t) { h.image_type.push_back("X"); });
    check([](slice_header& h, std::size_t) { h.temporal_position = 2; });
    check([](slice_header& h, std::size_t i) { // the table comes back
        h.instance_number = 80 - static_cast<int>(i), h.acquisition_number = 2;
    });
    check([](slice_header& h, std::size_t i) { // numbers begin anew
        h.instance_number = static_cast<int>(i) + 1, h.series_uid = "1.2";
    });
}

TEST_CASE("one witness that passes have is not enough to tell, and is asked about") {
    for (const int only : {0, 1, 2}) {
        const auto headers = two_passes(2.5, [&](slice_header& h, std::size_t i) {
            h.instance_number.reset();
            if (only == 0) h.instance_number = 41 + static_cast<int>(i);
            if (only == 1) h.acquisition_number = 2;
            if (only == 2) h.acquisition_time = "120100";
        });
        const auto text = refusal(headers);
        CHECK(has(text, "its slices make one even stack, and also 2 whole stacks woven into each other"));
        CHECK(has(text, only == 0   ? "Instance Number alone"
                        : only == 1 ? "Acquisition Number alone"
                                    : "Acquisition Time alone"));
        CHECK(has(text, "take one by its name (--series, series=): 1.1/1 or 1.1/2"));
        for (const std::string name : {"1.1/1", "1.1/2"}) {
            const auto plan = plan_series(headers, {.series_uid = name});
            CHECK(plan.order.size() == 40);
            CHECK(plan.grid.spacing_mm[0] == doctest::Approx(5));
        }
    }
}

TEST_CASE("times that run on through both passes tell them apart") {
    const auto headers = changed(
        two_passes(2.5, [](slice_header& h, std::size_t i) { h.instance_number = 41 + static_cast<int>(i); }),
        [](slice_header& h) { h.acquisition_time = std::to_string(120000 + *h.instance_number); });
    CHECK(plan_series(headers).grid.spacing_mm[0] == doctest::Approx(5));
}

TEST_CASE("phases at the same places are told apart by time, kernels by their name") {
    const auto phases = two_passes(0, [](slice_header& h, std::size_t i) {
        h.acquisition_time = "120020", h.instance_number = 41 + static_cast<int>(i);
    });
    const auto plan = plan_series(phases);
    CHECK(plan.order.size() == 40);
    REQUIRE(noted(plan, "mixed_series"));
    CHECK(has(noted(plan, "mixed_series")->text, "told apart by Acquisition Time"));
    for (const auto i : plan_series(phases, {.series_uid = "1.1/2"}).order)
        CHECK(phases[i].acquisition_time == "120020");

    auto kernels = two_passes(0, [](slice_header& h, std::size_t) { h.convolution_kernel = "B70f"; });
    CHECK(plan_series(kernels).order.size() == 40);
    for (std::size_t i = 0; i < kernels.size(); ++i) kernels[i].series_uid = "8." + std::to_string(i);
    CHECK(plan_series(kernels).order.size() == 40);
}

TEST_CASE("only Instance Number tells images of one place apart: asked, and taken by name") {
    const auto headers =
        two_passes(0, [](slice_header& h, std::size_t i) { h.instance_number = 41 + static_cast<int>(i); });
    CHECK(has(refusal(headers),
              "40 positions (the first at z = 0 mm) hold two different images that differ in "
              "Instance Number alone; take one by its name (--series, series=): 1.1/1 or 1.1/2"));
    for (const auto i : plan_series(headers, {.series_uid = "1.1/2"}).order)
        CHECK(*headers[i].instance_number > 40);
}

TEST_CASE("images of one place that nothing tells apart are refused with what was looked at") {
    auto headers = two_passes(0, [](slice_header&, std::size_t) {});
    for (auto& h : headers) h.instance_number.reset();
    const auto text = refusal(headers);
    CHECK(has(text, "40 positions (the first at z = 0 mm) hold two different images"));
    CHECK(has(
        text,
        "none of Instance Number, Series Instance UID, Temporal Position Identifier, Acquisition Number"));
    CHECK(has(text, "Acquisition Time"));
}

TEST_CASE("three phases, two kernels each, under one UID are six scans") {
    std::vector<slice_header> headers;
    for (int phase = 1; phase <= 3; ++phase)
        for (const std::string kernel : {"B30f", "B70f"}) {
            const auto one = changed(series("1.1", 12), [&](auto& h) {
                h.acquisition_number = phase, h.convolution_kernel = kernel,
                h.instance_uid += kernel + "p" + std::to_string(phase);
            });
            headers.insert(headers.end(), one.begin(), one.end());
        }
    const auto plan = plan_series(headers);
    CHECK(plan.order.size() == 12);
    CHECK(plan.others.size() == 5);
    for (int k = 1; k <= 6; ++k)
        CHECK(plan_series(headers, {.series_uid = "1.1/" + std::to_string(k)}).order.size() == 12);
}

TEST_CASE("blocks of a wide detector, each with its number and time, are one scan") {
    auto headers = series("1.1", 40);
    for (std::size_t i = 0; i < 40; ++i) {
        headers[i].acquisition_number = static_cast<int>(i / 20);
        headers[i].acquisition_time = std::to_string(120000 + i / 20);
    }
    const auto plan = plan_series(headers);
    CHECK(plan.order.size() == 40);
    CHECK(plan.remarks.empty());
}

TEST_CASE("a missing slice is no second pass") {
    for (const bool timed : {false, true}) {
        auto headers = series("1.1", 40);
        for (std::size_t i = 0; i < 40; ++i)
            if (timed) headers[i].acquisition_time = std::to_string(120000 + i);
        headers.erase(headers.begin() + 13);
        CHECK(has(refusal(headers), "1 slice is missing"));
    }
}

TEST_CASE("frames of one object are images of their own") {
    auto headers = series("1.1", 10);
    for (std::size_t i = 0; i < 10; ++i)
        headers[i].instance_uid = "4.1", headers[i].frame = static_cast<std::uint32_t>(i + 1);
    CHECK(plan_series(headers).order.size() == 10);
    auto twice = joined({headers, headers});
    const auto plan = plan_series(twice);
    CHECK(plan.order.size() == 10);
    CHECK(noted(plan, "duplicate_slices"));
}
