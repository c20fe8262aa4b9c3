#include <groundglass/reading/pixel_data.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <sstream>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::reading;

namespace {

constexpr const char* explicit_little = "1.2.840.10008.1.2.1";
constexpr const char* jpeg_lossless = "1.2.840.10008.1.2.4.70";

slice_header header(std::uint32_t rows = 4, std::uint32_t columns = 5) {
    slice_header h;
    h.rows = rows, h.columns = columns;
    return h;
}

std::string bytes(std::initializer_list<int> values) {
    std::string result;
    for (const int value : values) result += static_cast<char>(value);
    return result;
}

std::string damage(const std::string& content, const slice_header& h, const char* syntax) {
    std::istringstream file(content);
    return pixel_data_damage(file, h, syntax);
}

const std::string plain = bytes({0xe0, 0x7f, 0x10, 0x00, 'O', 'W', 0, 0, 40, 0, 0, 0}) + std::string(40, 'x');
const std::string fragments = bytes({0xe0, 0x7f, 0x10, 0x00, 'O', 'B', 0, 0, 0xff, 0xff, 0xff, 0xff}) +
                              bytes({0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0}) +
                              bytes({0xfe, 0xff, 0x00, 0xe0, 10, 0, 0, 0}) + std::string(10, 'x') +
                              bytes({0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0});

} // namespace

TEST_CASE("whole voxels are fine in every encoding") {
    CHECK(damage(plain, header(), explicit_little).empty());
    CHECK(damage(plain + "more elements", header(), explicit_little).empty());
    CHECK(damage(bytes({0xe0, 0x7f, 0x10, 0x00, 40, 0, 0, 0}) + std::string(40, 'x'), header(),
                 "1.2.840.10008.1.2")
              .empty());
    CHECK(damage(bytes({0x7f, 0xe0, 0x00, 0x10, 'O', 'W', 0, 0, 0, 0, 0, 40}) + std::string(40, 'x'),
                 header(), "1.2.840.10008.1.2.2")
              .empty());
    CHECK(damage(fragments, header(), jpeg_lossless).empty());
    CHECK(damage(plain, header(), "").empty());
}

TEST_CASE("voxels that are cut off or fewer than claimed") {
    CHECK(damage(plain.substr(0, 30), header(), explicit_little).find("holds 18 bytes") != std::string::npos);
    CHECK(damage(plain, header(5, 5), explicit_little).find("claims 50") != std::string::npos);
    CHECK(damage(plain, header(65535, 65535), explicit_little).find("claims 8589672450") !=
          std::string::npos);
    CHECK(damage(plain.substr(0, 7), header(), explicit_little).find("no Pixel Data") != std::string::npos);
    CHECK(damage("", header(), explicit_little).find("no Pixel Data") != std::string::npos);
    CHECK(damage(plain.substr(0, 10), header(), explicit_little).find("cut off") != std::string::npos);
}

TEST_CASE("fragments that are cut off, damaged or too small for the claim") {
    for (std::size_t length = 12; length + 1 < fragments.size(); ++length) {
        CAPTURE(length);
        CHECK(damage(fragments.substr(0, length), header(), jpeg_lossless).find("cut off") !=
              std::string::npos);
    }
    auto broken = fragments;
    broken[13] = 'x';
    CHECK(damage(broken, header(), jpeg_lossless).find("damaged") != std::string::npos);
    CHECK(damage(fragments, header(60000, 60000), jpeg_lossless).find("bytes of voxels from 10") !=
          std::string::npos);
}

TEST_CASE("the size that a compressed frame claims is that of the header, before anything is decoded") {
    const auto big = [](std::uint32_t value, int bytes) {
        std::string text;
        for (int i = bytes; i-- > 0;) text += static_cast<char>(value >> (8 * i) & 255);
        return text;
    };
    const auto wrapped = [&](std::string frame) {
        frame.resize(400, '\0');
        std::string size;
        for (int i = 0; i < 4; ++i) size += static_cast<char>(frame.size() >> (8 * i) & 255);
        return bytes({0xe0, 0x7f, 0x10, 0x00, 'O', 'B', 0, 0, 0xff, 0xff, 0xff, 0xff}) +
               bytes({0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0}) + bytes({0xfe, 0xff, 0x00, 0xe0}) + size + frame +
               bytes({0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0});
    };
    const auto jpeg = [&](int marker, std::uint32_t rows, std::uint32_t columns, int components) {
        return wrapped(bytes({0xff, 0xd8, 0xff, 0xe0}) + big(16, 2) + std::string(14, 'j') +
                       bytes({0xff, 0xff, marker}) + big(11, 2) + bytes({16}) + big(rows, 2) +
                       big(columns, 2) + bytes({components}));
    };
    const auto jpeg_2000 = [&](std::uint32_t rows, std::uint32_t columns, std::uint32_t tile,
                               std::uint32_t components) {
        return wrapped(bytes({0xff, 0x4f, 0xff, 0x51}) + big(41, 2) + big(0, 2) + big(columns + 3, 4) +
                       big(rows + 7, 4) + big(3, 4) + big(7, 4) + big(tile, 4) + big(tile, 4) + big(0, 4) +
                       big(0, 4) + big(components, 2));
    };
    const auto said = [&](const std::string& content) {
        return damage(content, header(64, 80), jpeg_lossless);
    };
    for (const int marker : {0xc0, 0xc1, 0xc3, 0xf7}) {
        CHECK(said(jpeg(marker, 64, 80, 1)).empty());
        CHECK(said(jpeg(marker, 60000, 60000, 1)).find("60000 x 60000 of 1 numbers") != std::string::npos);
        CHECK(said(jpeg(marker, 80, 64, 1)).find("where its header claims 64 x 80") != std::string::npos);
        CHECK(said(jpeg(marker, 64, 80, 3)).find("of 3 numbers each") != std::string::npos);
    }
    CHECK(said(jpeg_2000(64, 80, 100, 1)).empty());
    CHECK(said(jpeg_2000(64, 80, 32, 1)).empty());
    CHECK(said(jpeg_2000(60000, 60000, 60000, 1)).find("60000 x 60000") != std::string::npos);
    CHECK(said(jpeg_2000(64, 80, 100, 16384)).find("of 16384 numbers") != std::string::npos);
    CHECK(said(jpeg_2000(64, 80, 1, 1)).find("tiles in 400 bytes") != std::string::npos);
    CHECK(said(jpeg_2000(64, 80, 0, 1)).find("tiles in 400 bytes") != std::string::npos);
    // Of any size that both claim, a few bytes hold no large slice.
    CHECK(damage(jpeg(0xc3, 5000, 5000, 1), header(5000, 5000), jpeg_lossless).find("from 400") !=
          std::string::npos);
    CHECK(damage(jpeg(0xc3, 512, 512, 1), header(512, 512), jpeg_lossless).empty());
}
