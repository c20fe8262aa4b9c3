#include <groundglass/reading/multi_frame.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::reading;

namespace {

slice_header part(const char* uid, int number, std::optional<int> parts) {
    slice_header h;
    h.concatenation_uid = uid, h.concatenation_part = number, h.concatenation_parts = parts;
    return h;
}

} // namespace

TEST_CASE("a CT that describes its frames is read by them") {
    slice_header file;
    file.modality = "CT";
    for (const auto* sop :
         {"1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2", "1.2.840.10008.5.1.4.1.1.2", ""}) {
        file.sop_class_uid = sop;
        CHECK(holds_frames(file, 12));
        CHECK_FALSE(holds_frames(file, 0));
    }
    file.sop_class_uid = "1.2.840.10008.5.1.4.1.1.7.3";
    CHECK_FALSE(holds_frames(file, 12));
    file.sop_class_uid = "1.2.840.10008.5.1.4.1.1.2.1", file.modality = "MR";
    CHECK_FALSE(holds_frames(file, 12));
}

TEST_CASE("frames as claimed, and not") {
    slice_header file;
    file.number_of_frames = 12;
    CHECK(frame_count_damage(file, 12).empty());
    CHECK(frame_count_damage(file, 1) == "its functional groups describe 1 frame where its header claims 12");
    file.number_of_frames = 0;
    CHECK(frame_count_damage(file, 0) == "its header claims 0 frames");
    file.number_of_frames = 65537;
    CHECK(frame_count_damage(file, 65537) == "its header claims 65537 frames");

    std::vector<slice_header> frames(3);
    CHECK(frame_place_damage(frames).empty());
    frames[1].position = vector3{0, 0, 1};
    CHECK(frame_place_damage(frames) == "2 of its 3 frames have no Image Position (Patient)");
}

TEST_CASE("stacks number the acquisitions where nothing else does") {
    using numbers = std::vector<std::optional<int>>;
    const std::vector<std::string> named{"b", "a", "b"}, numbered{"7", "2", "7"}, one{"1", "1", "1"};
    CHECK(frame_acquisitions({1, 1, 1}, named) == numbers{1, 2, 1});
    CHECK(frame_acquisitions({{}, {}, {}}, numbered) == numbers{7, 2, 7});
    CHECK(frame_acquisitions({4, 4, 4}, one) == numbers{4, 4, 4});
    CHECK(frame_acquisitions({4, 5, 6}, named) == numbers{4, 5, 6});
    CHECK(frame_acquisitions({}, {}).empty());
}

TEST_CASE("parts of a concatenation") {
    std::vector<slice_header> headers{part("1.2", 2, 3), part("1.2", 1, 3), slice_header{},
                                      part("1.3", 1, {})};
    auto damage = concatenation_damage(headers);
    CHECK(damage[0] == "it is one of the 3 parts of a concatenation, of which 2 are there");
    CHECK((damage[1].empty() && damage[2].empty() && damage[3].empty()));
    headers.push_back(part("1.2", 3, 3));
    for (const auto& text : concatenation_damage(headers)) CHECK(text.empty());
    headers[3].concatenation_part = 2; // the first is not there
    CHECK(concatenation_damage(headers)[3] ==
          "it is one of the 2 parts of a concatenation, of which 1 is there");
    CHECK(concatenation_notes(headers).front().code == "concatenation_open");
    CHECK(concatenation_notes(std::span(headers).first(3)).empty());
}
