#include "made_series.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::reading;

TEST_CASE("one series is taken without a word") {
    const auto plan = plan_series(series("1.1", 10));
    CHECK(plan.series_uid == "1.1");
    CHECK(plan.order.size() == 10);
    CHECK(plan.others.empty());
    CHECK(plan.remarks.empty());
}

TEST_CASE("of two mixed series the one with more slices is taken, and the other named") {
    const auto headers = joined({series("1.1", 10, 5), series("1.2", 30)});
    const auto plan = plan_series(headers);
    CHECK(plan.series_uid == "1.2");
    CHECK(plan.order.size() == 30);
    for (const auto i : plan.order) CHECK(headers[i].series_uid == "1.2");
    REQUIRE(plan.others.size() == 1);
    CHECK(plan.others[0] == other_series{"1.1", 10, "fewer slices"});
    REQUIRE(noted(plan, "series_chosen"));
    CHECK(has(noted(plan, "series_chosen")->text, "1.1 (10 slices, fewer slices)"));
    CHECK_FALSE(noted(plan, "several_studies"));

    const auto named = plan_series(headers, {.series_uid = "1.1"});
    CHECK(named.series_uid == "1.1");
    CHECK(named.order.size() == 10);
    CHECK(has(refusal(headers, {.series_uid = "1.7"}),
              "no series with the UID asked for; found 1.2 (30 slices); 1.1"));
}

TEST_CASE("ties go to thinner slices, then to the smaller UID, whatever the order of files") {
    const auto thin = series("1.9", 10, 1), thick = series("1.1", 10, 5);
    CHECK(plan_series(joined({thick, thin})).series_uid == "1.9");
    CHECK(plan_series(joined({series("1.4", 10), series("1.3", 10)})).series_uid == "1.3");
    CHECK(plan_series(joined({series("1.3", 10), series("1.4", 10)})).series_uid == "1.3");
}

TEST_CASE("original before derived, axial before other planes") {
    const auto derived = changed(series("1.1", 40), [](auto& h) { h.image_type[0] = "DERIVED"; });
    auto coronal = series("1.2", 60);
    for (auto& h : coronal) h.orientation = {1, 0, 0, 0, 0, -1}, h.position = vector3{0, (*h.position)[2], 0};
    const auto axial = series("1.3", 10);
    CHECK(plan_series(joined({derived, coronal, axial})).series_uid == "1.3");
    CHECK(plan_series(joined({derived, coronal})).series_uid == "1.2");
    CHECK(noted(plan_series(derived), "derived_series"));
}

TEST_CASE("localizers, other modalities and projections are set aside") {
    const auto localizer = changed(series("1.1", 2), [](auto& h) { h.image_type[2] = "LOCALIZER"; });
    const auto mip = changed(series("1.2", 50), [](auto& h) {
        h.image_type = {"DERIVED", "SECONDARY", "MIP"};
    });
    const auto report = changed(series("1.3", 1), [](auto& h) { h.modality = "SR", h.rows = 0; });
    const auto plan = plan_series(joined({localizer, mip, report, series("1.4", 10)}));
    CHECK(plan.series_uid == "1.4");
    CHECK(plan.others.size() == 3);
    CHECK(has(noted(plan, "series_chosen")->text, "localizer"));
    CHECK(has(refusal(joined({localizer, report})),
              "no CT series found, only 1.1 (2 slices, localizer); 1.3 (1 slice, modality SR)"));
    CHECK(has(refusal(changed(series("1.5", 4), [](auto& h) { h.modality = "MR"; })), "modality MR"));
    CHECK(has(refusal(mip), "1.2 (50 slices, projection, rendering or screen image)"));
    CHECK(has(refusal(localizer, {.series_uid = "1.1"}), "is no CT series"));
    CHECK(has(refusal({}), "no slices"));
}

TEST_CASE("a localizer inside the series' own UID is parted from it") {
    auto scout = changed(series("1.1", 1), [](auto& h) {
        h.orientation = {0, 1, 0, 0, 0, -1}, h.rows = 888, h.instance_uid = "1.1.scout";
    });
    const auto plan = plan_series(joined({series("1.1", 10), scout}));
    CHECK(plan.order.size() == 10);
    CHECK(plan.series_uid == "1.1/1");
    REQUIRE(noted(plan, "mixed_series"));
    CHECK(noted(plan, "mixed_series")->level == note_level::warning);
}

TEST_CASE("axial reformats are derived series, other planes of them are taken by name") {
    for (const std::string word : {"MPR", "REFORMATTED", "CSA MPR"}) {
        const auto mpr = changed(series("1.1", 10), [&](auto& h) {
            h.image_type = {"DERIVED", "SECONDARY", word, "AVERAGE"};
        });
        const auto plan = plan_series(mpr);
        CHECK(plan.order.size() == 10);
        CHECK(noted(plan, "derived_series"));
        CHECK(plan.remarks.size() == 1);
        auto coronal = mpr;
        for (auto& h : coronal)
            h.orientation = {1, 0, 0, 0, 0, -1}, h.position = vector3{0, (*h.position)[2], 0};
        CHECK(has(refusal(coronal), "reformatted planes, name its UID to take it"));
        CHECK(plan_series(coronal, {.series_uid = "1.1"}).order.size() == 10);
    }
}

TEST_CASE("words of Image Type count whole, value by value") {
    for (const auto& words : {std::vector<std::string>{"DERIVED", "SECONDARY", "MIP"},
                              {"DERIVED", "SECONDARY", "OTHER", "CSA MIP"},
                              {"DERIVED", "SECONDARY", "MIN_IP"},
                              {"DERIVED", "PRIMARY", "VOLUME", "VOLUME_RENDER"},
                              {"DERIVED", "SECONDARY", "SCREEN SAVE"},
                              {"ORIGINAL", "SECONDARY", "DOSE_INFO"},
                              {"DERIVED", "SECONDARY", "PROJECTION IMAGE"},
                              {"derived", "secondary", "MinIP"}}) {
        const auto images = changed(series("1.1", 10), [&](auto& h) { h.image_type = words; });
        CHECK(has(refusal(images), "projection, rendering or screen image"));
        const auto plan = plan_series(images, {.series_uid = "1.1"});
        CHECK(plan.order.size() == 10);
        CHECK(noted(plan, "projection_series"));
    }
    for (const auto& words : {std::vector<std::string>{"ORIGINAL", "PRIMARY", "AXIAL", "EQUIPMIPLUS"},
                              {"ORIGINAL", "PRIMARY", "OVERDOSED"},
                              {"ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"},
                              {"ORIGINAL", "PRIMARY", "SCREENING"},
                              {"DERIVED", "SECONDARY", "AVERAGE"},
                              {"ORIGINAL", "PRIMARY", "AXIAL", "SCOUTING"}})
        CHECK(plan_series(changed(series("1.1", 10), [&](auto& h) { h.image_type = words; })).order.size() ==
              10);
}

TEST_CASE("copies of an image are dropped, whichever file comes first") {
    auto copied = series("1.1", 8);
    copied.push_back(copied[3]); // one file twice
    auto plan = plan_series(copied);
    CHECK(plan.order.size() == 8);
    REQUIRE(noted(plan, "duplicate_slices"));
    CHECK(has(noted(plan, "duplicate_slices")->text, "1 slice was there twice"));

    copied = series("1.1", 8);
    auto again = copied; // the whole series sent again
    for (auto& h : again) h.instance_uid = "0" + h.instance_uid;
    plan = plan_series(joined({copied, again}));
    CHECK(plan.order.size() == 8);
    CHECK(noted(plan, "duplicate_slices"));
    for (const auto i : plan.order) CHECK(i >= 8);
    for (const auto i : plan_series(joined({again, copied})).order) CHECK(i < 8);
}

TEST_CASE("acquisitions under one UID are told apart or refused") {
    const auto first = changed(series("1.1", 8), [](auto& h) { h.acquisition_number = 1; });
    auto second = changed(series("1.1", 6), [](auto& h) {
        h.acquisition_number = 2, h.instance_uid += "b", *h.instance_number += 8;
    });
    const auto plan = plan_series(joined({first, second}));
    CHECK(plan.order.size() == 8);
    CHECK(plan.series_uid == "1.1/1");
    CHECK(noted(plan, "mixed_series"));
    CHECK(plan_series(joined({first, second}), {.series_uid = "1.1/2"}).order.size() == 6);
    CHECK(plan_series(joined({first, second}), {.series_uid = "1.1"}).order.size() == 8);

    for (auto& h : second) h.acquisition_number = 1;
    CHECK(has(refusal(joined({first, second})),
              "6 positions (the first at z = 0 mm) hold two different images"));
}

TEST_CASE("a shot a slice is one series: acquisition numbers part only what repeats") {
    auto headers = series("1.1", 8);
    for (std::size_t i = 0; i < 8; ++i) headers[i].acquisition_number = static_cast<int>(i);
    CHECK(plan_series(headers).order.size() == 8);
}

TEST_CASE("kernels under one UID are told apart") {
    const auto soft = changed(series("1.1", 8), [](auto& h) { h.convolution_kernel = "B30f"; });
    const auto sharp =
        changed(series("1.1", 8), [](auto& h) { h.convolution_kernel = "B70f", h.instance_uid += "s"; });
    const auto plan = plan_series(joined({sharp, soft}));
    CHECK(plan.order.size() == 8);
    CHECK(noted(plan, "mixed_series"));
}

TEST_CASE("the refusal of the chosen series stands, and names what else there is") {
    auto broken = series("1.1", 30);
    broken.erase(broken.begin() + 10, broken.begin() + 13);
    const auto text = refusal(joined({broken, series("1.2", 10, 5)}));
    CHECK(has(text, "series 1.1: 3 slices are missing"));
    CHECK(has(text, "other series found: 1.2 (10 slices, fewer slices)"));
}

TEST_CASE("a damaged file that may belong to the series is refused, not left out") {
    auto headers = series("1.1", 10);
    headers.back().damage = "its voxels are cut off";
    CHECK(has(refusal(headers), "1 file is damaged, the first because its voxels are cut off"));
    headers.back() = slice_header{};
    headers.back().series_uid = "1.1", headers.back().damage = "it has no Pixel Data";
    CHECK(has(refusal(headers), "it has no Pixel Data"));
    headers.back().series_uid.clear();
    CHECK(has(refusal(headers), "it has no Pixel Data"));
    CHECK(has(refusal({headers.back()}), "it has no Pixel Data"));
    headers.back().series_uid = "1.2";
    CHECK(plan_series(headers).order.size() == 9);
}

TEST_CASE("series of several studies are a warning") {
    const auto other = changed(series("1.2", 5), [](auto& h) { h.study_uid = "1.2.8"; });
    CHECK(noted(plan_series(joined({series("1.1", 10), other})), "several_studies"));
}

TEST_CASE("a missing modality is said") {
    CHECK(noted(plan_series(changed(series("1.1", 3), [](auto& h) { h.modality.clear(); })),
                "modality_missing"));
}

TEST_CASE("options are checked") {
    for (const double tolerance : {0.7, -1.0}) {
        const series_options options{.series_uid = "", .position_tolerance = tolerance};
        CHECK_THROWS_AS(static_cast<void>(plan_series(series("1.1", 3), options)), std::invalid_argument);
    }
}
