#include "../made_series.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <set>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::reading;

namespace {

struct spoiled_field {
    std::string name;
    /// Writes the value number `k`, 0 for an absent one; 1, 2, ... differ from each other and from what is
    /// there.
    std::function<void(slice_header&, int k)> write;
};

std::vector<spoiled_field> fields() {
    const auto text = [](std::string slice_header::*field, const std::string& stem) {
        return [=](slice_header& h, int k) { h.*field = k == 0 ? "" : stem + std::to_string(k); };
    };
    const auto whole = [](std::optional<int> slice_header::*field) {
        return [=](slice_header& h, int k) {
            if (k == 0)
                (h.*field).reset();
            else
                h.*field = 1000 + k;
        };
    };
    const auto number = [](std::optional<double> slice_header::*field) {
        return [=](slice_header& h, int k) {
            if (k == 0)
                (h.*field).reset();
            else
                h.*field = 1.5 + k;
        };
    };
    return {
        {"study_uid", text(&slice_header::study_uid, "7.")},
        {"series_uid", text(&slice_header::series_uid, "8.")},
        {"instance_uid", text(&slice_header::instance_uid, "6.")},
        {"sop_class_uid", text(&slice_header::sop_class_uid, "1.2.840.10008.5.1.4.1.1.")},
        {"frame_of_reference_uid", text(&slice_header::frame_of_reference_uid, "5.")},
        {"modality", text(&slice_header::modality, "M")},
        {"image_type",
         [](slice_header& h, int k) {
             h.image_type =
                 k == 0 ? std::vector<std::string>{}
                        : std::vector<std::string>{"ORIGINAL", "PRIMARY", "AXIAL", "X" + std::to_string(k)};
         }},
        {"image_type, its kind",
         [](slice_header& h, int k) {
             const std::vector<std::string> kinds{"AXIAL", "LOCALIZER", "MIP", "MPR", "SCREEN SAVE"};
             h.image_type = {"DERIVED", "SECONDARY", kinds[static_cast<std::size_t>(k) % kinds.size()]};
         }},
        {"photometric", text(&slice_header::photometric, "MONOCHROME")},
        {"convolution_kernel", text(&slice_header::convolution_kernel, "B")},
        {"rescale_type", text(&slice_header::rescale_type, "R")},
        {"acquisition_time", text(&slice_header::acquisition_time, "2020010112000")},
        {"rows", [](slice_header& h, int k) { h.rows = static_cast<std::uint32_t>(100 * k); }},
        {"columns", [](slice_header& h, int k) { h.columns = static_cast<std::uint32_t>(100 * k); }},
        {"bits_allocated", [](slice_header& h, int k) { h.bits_allocated = k % 2 ? 8 : 32; }},
        {"samples_per_pixel",
         [](slice_header& h, int k) { h.samples_per_pixel = static_cast<std::uint32_t>(k + 2); }},
        {"number_of_frames",
         [](slice_header& h, int k) { h.number_of_frames = static_cast<std::uint32_t>(k + 2); }},
        {"orientation",
         [](slice_header& h, int k) {
             if (k == 0)
                 h.orientation.reset();
             else if (k % 2)
                 h.orientation = {0, 1, 0, 1, 0, 0};
             else
                 h.orientation = {-1, 0, 0, 0, -1, 0};
         }},
        {"position",
         [](slice_header& h, int k) {
             if (k == 0)
                 h.position.reset();
             else
                 (*h.position)[2] += 0.37 * k;
         }},
        {"position, sideways",
         [](slice_header& h, int k) {
             h.position = vector3{9.0 * k, 0, (*h.position)[2]};
         }},
        {"pixel_spacing",
         [](slice_header& h, int k) {
             if (k == 0)
                 h.pixel_spacing.reset();
             else
                 h.pixel_spacing = {1.0 + k, 1.0 + k};
         }},
        {"slice_location", number(&slice_header::slice_location)},
        {"slice_thickness", number(&slice_header::slice_thickness)},
        {"instance_number", whole(&slice_header::instance_number)},
        {"acquisition_number", whole(&slice_header::acquisition_number)},
        {"temporal_position", whole(&slice_header::temporal_position)},
    };
}

/// A good series of which acquisition, times and numbers run as scanners make them run.
std::vector<slice_header> good(int kind, std::size_t slices = 40) {
    auto headers = series("1.1", slices, 5);
    const int half = static_cast<int>(slices / 2);
    for (std::size_t i = 0; i < headers.size(); ++i) {
        auto& h = headers[i];
        const int n = static_cast<int>(i);
        h.frame_of_reference_uid = "3.1";
        h.convolution_kernel = "B70f";
        h.acquisition_number = 1;
        if (kind == 1) h.instance_number = static_cast<int>(slices) - n;
        if (kind == 2) h.acquisition_number = n + 1, h.acquisition_time = std::to_string(120000 + n);
        if (kind == 3) h.acquisition_number = n / 4 + 1, h.acquisition_time = std::to_string(120000 + n / 4);
        if (kind == 4) h.frame_of_reference_uid = "3." + std::to_string(n);
        if (kind == 5)
            h.instance_number.reset(), h.acquisition_number.reset(), h.frame_of_reference_uid.clear();
        if (kind == 6) h.position = vector3{0, 1.3 * n, 5.0 * n};
        if (kind == 7)
            h.acquisition_number = n / half + 1, h.acquisition_time = std::to_string(120000 + n / half);
    }
    return headers;
}
constexpr int kinds = 8;

/// The series whole, or a refusal.
void check_whole(const std::vector<slice_header>& headers, std::size_t slices, const std::string& what) {
    try {
        const auto plan = plan_series(headers);
        CHECK_MESSAGE(plan.order.size() == slices, what << ": " << plan.order.size() << " slices were taken");
    } catch (const format_error&) {
    }
}

} // namespace

TEST_CASE("one field spoiled in some or all files: the series whole, or a refusal") {
    std::mt19937 random(20261127);
    for (const int n : {40, 9, 4, 3, 2})
        for (int kind = 0; kind < kinds; ++kind)
            for (const auto& field : fields()) {
                const auto spoil = [&](const std::string& which, const std::function<int(int)>& value) {
                    auto headers = good(kind, static_cast<std::size_t>(n));
                    for (int i = 0; i < n; ++i)
                        if (const int k = value(i); k >= 0)
                            field.write(headers[static_cast<std::size_t>(i)], k);
                    std::shuffle(headers.begin(), headers.end(), random);
                    check_whole(headers, static_cast<std::size_t>(n),
                                std::to_string(n) + " slices of kind " + std::to_string(kind) + ", " +
                                    field.name + ", " + which);
                };
                for (const int k : {0, 1, 2}) {
                    const std::string value = " to value " + std::to_string(k);
                    spoil("all" + value, [&](int) { return k; });
                    spoil("first" + value, [&](int i) { return i == 0 ? k : -1; });
                    spoil("middle" + value, [&](int i) { return i == n / 2 ? k : -1; });
                    spoil("last" + value, [&](int i) { return i == n - 1 ? k : -1; });
                    spoil("last three" + value, [&](int i) { return i >= n - 3 ? k : -1; });
                    spoil("first half" + value, [&](int i) { return i < n / 2 ? k : -1; });
                    spoil("first third" + value, [&](int i) { return i < n / 3 ? k : -1; });
                    spoil("every second" + value, [&](int i) { return i % 2 ? k : -1; });
                    spoil("every fourth" + value, [&](int i) { return i % 4 == 1 ? k : -1; });
                    std::vector<int> some(static_cast<std::size_t>(n));
                    for (auto& s : some) s = random() % 3 == 0 ? k : -1;
                    spoil("some" + value, [&](int i) { return some[static_cast<std::size_t>(i)]; });
                }
                spoil("each its own", [](int i) { return i + 1; });
                spoil("each its own, turned", [&](int i) { return (i + n / 2) % n + 1; });
                spoil("alternating", [](int i) { return i % 2 + 1; });
                spoil("three in turn", [](int i) { return i % 3 + 1; });
                spoil("halves", [&](int i) { return 2 * i / n + 1; });
                spoil("blocks of four", [](int i) { return i / 4 + 1; });
                spoil("last its own", [&](int i) { return i == n - 1 ? 99 : -1; });
            }
}

TEST_CASE("fields that part nothing leave the series whole") {
    const std::set<std::string> harmless{"series_uid",         "frame_of_reference_uid", "image_type",
                                         "convolution_kernel", "instance_uid",           "temporal_position",
                                         "slice_thickness",    "acquisition_time"};
    for (int kind = 0; kind < kinds - 1; ++kind) // the last has two halves that a second field would part
        for (const auto& field : fields()) {
            if (!harmless.count(field.name)) continue;
            for (const int way : {0, 1, 2, 3}) {
                auto headers = good(kind);
                for (int i = 0; i < 40; ++i) {
                    const int k = way == 0 ? i + 1 : way == 1 ? i / 20 + 1 : way == 2 ? 0 : (i == 5) + 1;
                    field.write(headers[static_cast<std::size_t>(i)], k);
                }
                const auto text = refusal(headers);
                CHECK_MESSAGE(text.empty(), field.name << ", series " << kind << ": " << text);
                if (text.empty()) CHECK(plan_series(headers).order.size() == 40);
            }
        }
}

TEST_CASE("a UID of its own in each file, whichever UID it is") {
    auto headers = good(0);
    for (std::size_t i = 0; i < 40; ++i) headers[i].frame_of_reference_uid = "3." + std::to_string(i);
    auto plan = plan_series(headers);
    CHECK(plan.order.size() == 40);
    REQUIRE(noted(plan, "slices_joined"));
    CHECK(noted(plan, "slices_joined")->level == note_level::info);
    CHECK(has(noted(plan, "slices_joined")->text, "Frame of Reference UID (40 values)"));

    for (std::size_t i = 0; i < 40; ++i) headers[i].series_uid = "8." + std::to_string((i + 20) % 40);
    plan = plan_series(headers);
    CHECK(plan.order.size() == 40);
    CHECK(plan.series_uid == "8.0");
    REQUIRE(noted(plan, "slices_joined"));
    CHECK(noted(plan, "slices_joined")->level == note_level::warning);
    CHECK(plan_series(headers, {.series_uid = "8.17"}).order.size() == 40);
}

TEST_CASE("two halves of one scan under two UIDs are one; each can be had by its UID") {
    const auto lower = changed(series("1.1", 20, 5), [](auto&) {});
    const auto upper =
        changed(series("1.2", 25, 5), [](auto& h) { (*h.position)[2] += 100, *h.instance_number += 20; });
    const auto headers = joined({lower, upper});
    const auto plan = plan_series(headers);
    CHECK(plan.order.size() == 45);
    CHECK(noted(plan, "slices_joined"));
    const auto part = plan_series(headers, {.series_uid = "1.1"});
    CHECK(part.order.size() == 20);
    CHECK(noted(part, "series_continued"));
}

TEST_CASE("scans that continue each other are refused, and taken by name") {
    const auto chest = changed(series("1.1", 40, 5), [](auto& h) { h.convolution_kernel = "B70f"; });
    for (const double shift :
         {200.0, 210.0, 195.0, 180.0}) { // adjoining, one missing, overlapping by one and four
        const auto abdomen = changed(series("1.2", 60, 5), [&](auto& h) {
            h.convolution_kernel = "B30f", (*h.position)[2] -= 300 - 200 + shift;
        });
        const auto headers = joined({chest, abdomen});
        const auto text = refusal(headers);
        CHECK(has(text, "60 slices from z = "));
        CHECK(has(text, "1.1 (40 slices from z = 0 mm to z = 195 mm)"));
        CHECK(has(text, "Series Instance UID and Convolution Kernel"));
        CHECK(has(text, "take one by its name (--series, series=), 1.2 or 1.1"));
        for (const std::string name : {"1.1", "1.2"}) {
            const auto plan = plan_series(headers, {.series_uid = name});
            CHECK(plan.order.size() == (name == "1.1" ? 40u : 60u));
            CHECK(noted(plan, "series_continued"));
        }
    }
    // Another column of pixels, a step that does not fit, or far away: another scan.
    CHECK(plan_series(joined({chest, changed(series("1.2", 60, 5),
                                             [](auto& h) {
                                                 h.convolution_kernel = "B30f";
                                                 h.position = vector3{40, 0, (*h.position)[2] - 300};
                                             })}))
              .order.size() == 60);
    CHECK(plan_series(joined({chest, changed(series("1.2", 60, 3),
                                             [](auto& h) {
                                                 h.convolution_kernel = "B30f", (*h.position)[2] -= 181;
                                             })}))
              .order.size() == 60);
    CHECK(plan_series(joined({chest, changed(series("1.2", 60, 5),
                                             [](auto& h) {
                                                 h.convolution_kernel = "B30f", (*h.position)[2] -= 500;
                                             })}))
              .order.size() == 60);
}

TEST_CASE("one series of two steps is refused as uneven, not taken by half") {
    auto lower = changed(series("1.1", 20, 5), [](auto& h) { h.acquisition_number = 1; });
    auto upper = changed(series("1.1", 60, 1), [](auto& h) {
        h.acquisition_number = 2, *h.instance_number += 20, (*h.position)[2] += 100, h.instance_uid += "b";
    });
    CHECK(has(refusal(joined({lower, upper})), "continue it at another step"));
    for (auto* part : {&lower, &upper})
        for (auto& h : *part) h.acquisition_number = 1;
    CHECK_FALSE(refusal(joined({lower, upper})).empty());
}

TEST_CASE("what differs in kind and place leaves nothing out") {
    auto scout = changed(series("1.1", 1), [](auto& h) {
        h.orientation = {0, 1, 0, 0, 0, -1}, h.rows = 888, h.instance_uid = "x";
        h.image_type = {"ORIGINAL", "PRIMARY", "LOCALIZER"};
    });
    auto dose = changed(series("1.1", 1), [](auto& h) {
        h.modality = "SR", h.rows = h.columns = 0, h.sop_class_uid = "1.2.840.10008.5.1.4.1.1.88.67";
        h.position.reset(), h.orientation.reset(), h.pixel_spacing.reset();
    });
    auto pet = changed(series("1.9", 60, 5), [](auto& h) {
        h.modality = "PT", h.sop_class_uid = "1.2.840.10008.5.1.4.1.1.128", h.rows = h.columns = 200;
        h.pixel_spacing = {4, 4};
    });
    const auto plan = plan_series(joined({scout, dose, pet, good(0)}));
    CHECK(plan.order.size() == 40);
}

TEST_CASE("the sentence names the slice and the field, and its cure works") {
    auto headers = good(0);
    headers[39].pixel_spacing = {1.4, 1.4};
    const auto text = refusal(headers);
    CHECK(has(text, "39 slices from z = 0 mm to z = 190 mm were found"));
    CHECK(has(text, "a slice at z = 195 mm belongs to it but for its Pixel Spacing"));
    CHECK(has(text, "take the rest by its name (--series, series=), 1.1/1"));
    const auto plan = plan_series(headers, {.series_uid = "1.1/1"});
    CHECK(plan.order.size() == 39);
    CHECK(noted(plan, "series_continued"));
    CHECK_FALSE(refusal(headers, {.series_uid = "1.1"}).empty());
}
