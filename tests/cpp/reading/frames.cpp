#include <groundglass/reading/frames.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <sstream>
#include <stdexcept>

using namespace groundglass;
using namespace groundglass::reading;

namespace {

constexpr const char* explicit_little = "1.2.840.10008.1.2.1";
constexpr const char* explicit_big = "1.2.840.10008.1.2.2";
constexpr const char* jpeg_lossless = "1.2.840.10008.1.2.4.70";

slice_header header(std::uint32_t frames) {
    slice_header h;
    h.rows = 1, h.columns = 2, h.number_of_frames = frames, h.frame = 1;
    return h;
}

std::string bytes(std::initializer_list<int> values) {
    std::string result;
    for (const int value : values) result += static_cast<char>(value);
    return result;
}

std::string item(const std::string& content) {
    return bytes({0xfe, 0xff, 0x00, 0xe0, static_cast<int>(content.size()), 0, 0, 0}) + content;
}

const std::string end = bytes({0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0});
const std::string compressed = bytes({0xe0, 0x7f, 0x10, 0x00, 'O', 'B', 0, 0, 0xff, 0xff, 0xff, 0xff});
const std::string start = bytes({0xff, 0xd8});

/// What `single` makes of each frame behind its header, or what is wrong.
std::vector<std::string> frames(const std::string& content, std::uint32_t count, const char* syntax) {
    std::istringstream file(content);
    const frame_source source(file, header(count), syntax, {});
    if (!source.damage().empty()) return {source.damage()};
    std::vector<std::string> result;
    for (std::uint32_t i = 1; i <= count; ++i) {
        const auto whole = source.single(file, i);
        CHECK(whole.substr(128, 4) == "DICM");
        const auto place = whole.find(bytes({0xe0, 0x7f, 0x10, 0x00, 'O'}));
        REQUIRE(place != std::string::npos);
        result.push_back(whole.substr(place + 8));
    }
    return result;
}

} // namespace

TEST_CASE("plain frames") {
    const auto four = bytes({4, 0, 0, 0});
    const auto little = bytes({0xe0, 0x7f, 0x10, 0x00, 'O', 'W', 0, 0, 8, 0, 0, 0}) + "abcdefgh";
    CHECK(frames(little, 2, explicit_little) == std::vector{four + "abcd", four + "efgh"});
    CHECK(frames(bytes({0xe0, 0x7f, 0x10, 0x00, 8, 0, 0, 0}) + "abcdefgh", 2, "1.2.840.10008.1.2") ==
          std::vector{four + "abcd", four + "efgh"});
    CHECK(frames(bytes({0x7f, 0xe0, 0x00, 0x10, 'O', 'W', 0, 0, 0, 0, 0, 8}) + "abcdefgh", 2, explicit_big) ==
          std::vector{four + "badc", four + "fehg"});
    CHECK(frames(little, 3, explicit_little).front().find("claims 12") != std::string::npos);

    std::istringstream file(little);
    const frame_source source(file, header(2), explicit_little, {});
    CHECK_THROWS_AS(static_cast<void>(source.single(file, 0)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(source.single(file, 3)), std::invalid_argument);
    std::istringstream shorter(little.substr(0, 18));
    CHECK_THROWS_AS(static_cast<void>(source.single(shorter, 2)), format_error);
}

TEST_CASE("compressed frames of one fragment or several") {
    const auto undefined = bytes({0xff, 0xff, 0xff, 0xff}) + item("");
    const auto ab = undefined + item(start + "ab") + end, cd = undefined + item(start + "cd") + end;
    CHECK(frames(compressed + item("") + item(start + "ab") + item(start + "cd") + end, 2, jpeg_lossless) ==
          std::vector{ab, cd});

    // By the table: the second frame begins at byte 20 of the fragments.
    const auto split = undefined + item(start + "a") + item("b") + end;
    const auto pieces = item(start + "a") + item("b") + item(start + "cd") + end;
    const auto table = item(bytes({0, 0, 0, 0, 20, 0, 0, 0}));
    CHECK(frames(compressed + table + pieces, 2, jpeg_lossless) == std::vector{split, cd});
    // By the beginnings of images, without a table or with a wrong one.
    const auto wrong = item(bytes({0, 0, 0, 0, 21, 0, 0, 0}));
    CHECK(frames(compressed + item("") + pieces, 2, jpeg_lossless) == std::vector{split, cd});
    CHECK(frames(compressed + wrong + pieces, 2, jpeg_lossless) == std::vector{split, cd});
    CHECK(frames(compressed + item("") + pieces, 1, jpeg_lossless).front() ==
          undefined + item(start + "a") + item("b") + item(start + "cd") + end);
}

TEST_CASE("fragments that do not tell") {
    const auto text =
        frames(compressed + item("") + item("ab") + item("cd") + item("ef") + end, 2, jpeg_lossless);
    CHECK(text ==
          std::vector<std::string>{"its 3 pieces of compressed voxels do not tell which of its 2 frames "
                                   "they belong to"});
    CHECK(frames(compressed + item("") + item(start) + end, 2, jpeg_lossless).front().find("its 1 piece ") ==
          0);
    CHECK(frames(compressed + item("") + end, 1, jpeg_lossless).front().find("its 0 pieces ") == 0);
    CHECK(frames(compressed + item("") + item(start), 1, jpeg_lossless).front().find("cut off") !=
          std::string::npos);
}
