#include <groundglass/reading/slice_header.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::reading;

namespace {

slice_header ct() {
    slice_header h;
    h.series_uid = "1.2";
    h.sop_class_uid = "1.2.840.10008.5.1.4.1.1.2";
    h.modality = "CT";
    h.image_type = {"ORIGINAL", "PRIMARY", "AXIAL"};
    h.rows = h.columns = 64;
    return h;
}

std::string why(void (*change)(slice_header&)) {
    auto h = ct();
    change(h);
    return why_not_ct(h);
}

} // namespace

TEST_CASE("a plain CT slice is taken") {
    CHECK(why_not_ct(ct()).empty());
    CHECK(why([](auto& h) { h.image_type = {"DERIVED", "PRIMARY", "AXIAL"}; }).empty());
    CHECK(why([](auto& h) { h.rescale_type = "HU"; }).empty());
}

TEST_CASE("what is no CT in HU is named") {
    CHECK(why([](auto& h) { h.modality = "MR"; }) == "modality MR");
    CHECK(why([](auto& h) { h.image_type = {"ORIGINAL", "PRIMARY", "LOCALIZER"}; }) == "localizer");
    CHECK(why([](auto& h) { h.image_type = {"ORIGINAL", "PRIMARY", "CT_SOM5 TOPOGRAM"}; }) == "localizer");
    CHECK(why([](auto& h) { h.sop_class_uid = "1.2.840.10008.5.1.4.1.1.7"; }) == "secondary capture");
    CHECK(why([](auto& h) { h.sop_class_uid = "1.2.840.10008.5.1.4.1.1.88.67"; }) == "not a CT image object");
    CHECK(why([](auto& h) { h.samples_per_pixel = 3; }) == "colour image");
    CHECK(why([](auto& h) { h.photometric = "MONOCHROME1"; }).find("photometric") == 0);
    CHECK(why([](auto& h) { h.bits_allocated = 8; }).find("8-bit") == 0);
    CHECK(why([](auto& h) { h.rescale_type = "MGML"; }).find("Rescale Type") != std::string::npos);
    CHECK(why([](auto& h) { h.rows = 0; }) == "no pixels");
    CHECK(why([](auto& h) { h.number_of_frames = 120; }).find("120 frames") != std::string::npos);
}

TEST_CASE("without a modality the SOP class decides") {
    CHECK(why([](auto& h) { h.modality.clear(); }).empty());
    CHECK(why([](auto& h) { h.sop_class_uid.clear(); }).empty());
    CHECK(why([](auto& h) { h.modality.clear(), h.sop_class_uid.clear(); }) ==
          "neither Modality nor SOP class given");
    CHECK_FALSE(
        why([](auto& h) { h.modality.clear(), h.sop_class_uid = "1.2.840.10008.5.1.4.1.1.4"; }).empty());
    CHECK_FALSE( // nuclear medicine, whose UID begins like that of CT
        why([](auto& h) { h.modality.clear(), h.sop_class_uid = "1.2.840.10008.5.1.4.1.1.20"; }).empty());
}

TEST_CASE("reformats and derived images are told by Image Type") {
    auto h = ct();
    CHECK_FALSE(is_derived(h));
    h.image_type = {"DERIVED", "SECONDARY", "MPR"};
    CHECK(is_derived(h));
    CHECK(is_reformatted(h));
}

TEST_CASE("projections are told by whole words of Image Type, and are a CT all the same") {
    auto h = ct();
    h.image_type = {"DERIVED", "SECONDARY", "CT_SOM5 MIP"};
    CHECK(is_projection(h));
    CHECK(why_not_ct(h).empty());
    h.image_type = {"DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE"};
    CHECK_FALSE(is_projection(h));
    h.image_type = {"DERIVED", "PRIMARY", "VOLUME", "NONE", "STD_DEVIATION"};
    CHECK_FALSE(is_projection(h)); // a scanner's own word in a file of one image
    h.frame = 1;
    CHECK(is_projection(h));
}

TEST_CASE("a modality that is no code is told without what it holds") {
    CHECK(why([](auto& h) { h.modality = "DOE^john\n"; }) == "modality DOE");
}
