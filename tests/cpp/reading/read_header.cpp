#include <groundglass/reading/read_header.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::reading;
using namespace std::string_literals;

namespace {

std::string nrrd(const std::string& more = "", const std::string& sizes = "10 4 3") {
    return "NRRD0004\n# Complete NRRD file format specification at:\ntype: short\ndimension: 3\n"
           "space: left-posterior-superior\nsizes: " +
           sizes +
           "\nspace directions: (0.8,0,0) (0,0.7,0) (0,0,2.5)\nkinds: domain domain domain\n"
           "endian: little\nencoding: raw\nspace origin: (1,2,3)\n" +
           more + "\n";
}

std::string meta(const std::string& more = "", const std::string& sizes = "10 4 3") {
    return "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
           "CompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 1 2 3\n"
           "ElementSpacing = 0.8 0.7 2.5\nDimSize = " +
           sizes + "\nElementType = MET_SHORT\n" + more + "ElementDataFile = LOCAL\n";
}

template <class T>
void put(std::string& header, std::size_t at, T value) {
    std::memcpy(header.data() + at, &value, sizeof(T));
}

/// 10 x 4 x 3 voxels of 0.8 x 0.7 x 2.5 mm, by its qform alone.
std::string nifti() {
    std::string header(540, '\0');
    put<std::int32_t>(header, 0, 348);
    const std::int16_t sizes[] = {3, 10, 4, 3, 1, 1, 1, 1};
    for (std::size_t i = 0; i < 8; ++i) put(header, 40 + 2 * i, sizes[i]);
    put<std::int16_t>(header, 70, 4);
    put<std::int16_t>(header, 72, 16);
    const float pixdim[] = {1, 0.8F, 0.7F, 2.5F};
    for (std::size_t i = 0; i < 4; ++i) put(header, 76 + 4 * i, pixdim[i]);
    put(header, 108, 352.0F);
    put<std::int16_t>(header, 252, 1);
    put(header, 264, 1.0F); // a half turn about z: RAS becomes LPS
    std::memcpy(header.data() + 344, "n+1", 4);
    return header;
}

/// Whether it was read; everything but `format_error` gets through.
bool survives(file_kind kind, const std::string& bytes) {
    try {
        auto header = read_header(kind, bytes);
        fit_to_length(header, bytes.size());
        CHECK(header.grid.size() <= most_voxels);
        return true;
    } catch (const format_error& error) {
        CHECK(std::string(error.what()).size() < 400);
        return false;
    }
}

std::string text_of(file_kind kind, const std::string& bytes) {
    try {
        static_cast<void>(read_header(kind, bytes));
    } catch (const format_error& error) {
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("the three formats say the same grid") {
    const geometry grid{.shape = {3, 4, 10}, .spacing_mm = {2.5, 0.7, 0.8}, .origin_mm = {1, 2, 3}};
    const auto a = read_header(file_kind::nrrd, nrrd()), b = read_header(file_kind::metaimage, meta());
    CHECK(a.grid == grid);
    CHECK(b.grid == grid);
    CHECK(a.offset == nrrd().size());
    CHECK(b.offset == meta().size());
    const auto c = read_header(file_kind::nifti, nifti());
    CHECK(c.grid.shape == grid.shape);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(c.grid.spacing_mm[i] == doctest::Approx(grid.spacing_mm[i]));
        for (std::size_t k = 0; k < 3; ++k)
            CHECK(c.grid.direction[i][k] == doctest::Approx(grid.direction[i][k]));
    }
    CHECK(c.offset == 352);
    for (const auto& header : {a, b, c}) CHECK(header.remarks.empty());
    CHECK_THROWS_AS(static_cast<void>(read_header(file_kind::dicom, "")), std::invalid_argument);
}

TEST_CASE("long values, many values and lines that never end are refused") {
    const std::string many(2000, 'A'), words = [] {
        std::string text;
        for (int i = 0; i < 5000; ++i) text += "1 ";
        return text;
    }();
    auto kinds = nrrd();
    kinds.replace(kinds.find("domain domain domain"), 20, many);
    CHECK(text_of(file_kind::nrrd, kinds).find("kinds") != std::string::npos);
    CHECK(text_of(file_kind::nrrd, nrrd(many + ": 1\n")).find("line 12") != std::string::npos);
    CHECK(survives(file_kind::nrrd, nrrd("labels: \"" + many + "\"\n") + std::string(240, '\0')));
    for (const auto* field : {"sizes", "space directions", "thicknesses", "spacings", "axis mins"}) {
        CAPTURE(field);
        auto text = nrrd();
        if (const auto at = text.find("\n"s + field + ": "); at != text.npos)
            text.replace(at, text.find('\n', at + 1) - at, "\n"s + field + ": " + words);
        else
            text = nrrd(field + ": "s + words + "\n");
        CHECK(survives(file_kind::nrrd, text) == false);
    }
    CHECK_FALSE(survives(file_kind::metaimage, meta("TransformMatrix = " + words + "\n")));
    CHECK_FALSE(survives(file_kind::metaimage, "ObjectType = " + std::string(1 << 20, 'A')));
    CHECK_FALSE(survives(file_kind::nrrd, "NRRD0004\n" + std::string(1 << 20, 'A')));
}

TEST_CASE("sizes that no volume has are refused") {
    for (const std::string sizes :
         {"0 4 3", "-1 4 3", "-0 4 3", "10 4", "10 4 3 2", "10.5 4 3", "1e3 4 3", "99999999999999999999 4 3",
          "4294967296 4294967296 4294967296", "65536 65536 3", "nan 4 3", "10 4 x"}) {
        CAPTURE(sizes);
        CHECK_FALSE(survives(file_kind::nrrd, nrrd("", sizes)));
        CHECK_FALSE(survives(file_kind::metaimage, meta("", sizes)));
    }
    for (const std::int16_t size : {std::int16_t{0}, std::int16_t{-1}, std::int16_t{-32768}}) {
        auto header = nifti();
        put(header, 44, size);
        CHECK_FALSE(survives(file_kind::nifti, header));
    }
    for (const std::int16_t axes : {std::int16_t{0}, std::int16_t{2}, std::int16_t{8}, std::int16_t{-3}}) {
        auto header = nifti();
        put(header, 40, axes);
        CHECK_FALSE(survives(file_kind::nifti, header));
    }
}

TEST_CASE("places of voxels that are no places are refused") {
    for (const float offset : {-1.0F, 100.0F, 351.0F, 352.5F, 1e30F, std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::infinity()}) {
        CAPTURE(offset);
        auto header = nifti();
        put(header, 108, offset);
        CHECK_FALSE(survives(file_kind::nifti, header));
    }
    auto header = nifti();
    put(header, 108, 0.0F);
    CHECK(read_header(file_kind::nifti, header).offset == 352);
    for (const auto* skip : {"-2", "x", "9223372036854775808", "9223372036854775807"}) {
        CHECK_FALSE(survives(file_kind::nrrd, nrrd("byte skip: "s + skip + "\n")));
        CHECK_FALSE(survives(file_kind::metaimage, meta("HeaderSize = "s + skip + "\n")));
    }
    auto end = read_header(file_kind::nrrd, nrrd("byte skip: -1\n"));
    fit_to_length(end, 1000);
    CHECK(end.offset == 1000 - 240);
    CHECK_THROWS_AS(fit_to_length(end, 239), format_error);
}

TEST_CASE("names of data files stay beside the header") {
    for (const std::string name : {"../x.raw", "/etc/passwd", "a/x.raw", "..", "LIST", "LIST 3",
                                   "x%03d.raw 1 3 1", "C:\\x.raw", "./../x.raw"}) {
        CAPTURE(name);
        CHECK_FALSE(survives(file_kind::nrrd, nrrd("data file: " + name + "\n")));
        auto text = meta();
        text.replace(text.find("LOCAL"), 5, name);
        CHECK_FALSE(survives(file_kind::metaimage, text));
    }
    CHECK(read_header(file_kind::nrrd, nrrd("data file: ./my ct.raw\n")).data_file == "my ct.raw");
}

TEST_CASE("mutants are read or refused, never more") {
    std::mt19937 random(7); // the same mutants in every run
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    const std::pair<file_kind, std::string> seeds[] = {
        {file_kind::nrrd, nrrd()}, {file_kind::metaimage, meta()}, {file_kind::nifti, nifti()}};
    const std::string pieces[] = {
        "nan",  "-1",  "99999999999", "1e308", "(", ")", ",", "\n", ":",    "=",
        "none", "\0"s, "%",           "\r\n",  " ", "1", "0", "-",  "LIST", std::string(1500, '9')};
    int read = 0;
    for (const auto& [kind, seed] : seeds)
        for (int i = 0; i < 3000; ++i) {
            auto mutant = seed;
            for (std::size_t times = 1 + below(3); times > 0 && !mutant.empty(); --times) {
                const auto at = below(mutant.size());
                switch (below(5)) {
                case 0:
                    mutant[at] = static_cast<char>(random());
                    break;
                case 1:
                    mutant.resize(at);
                    break;
                case 2:
                    mutant.insert(at, pieces[below(std::size(pieces))]);
                    break;
                case 3:
                    mutant.erase(at, 1 + below(8));
                    break;
                default:
                    mutant.insert(at, mutant.substr(below(mutant.size()), below(60)));
                    break;
                }
            }
            mutant.resize(std::max<std::size_t>(mutant.size(), kind == file_kind::nifti ? 0 : 1));
            read += survives(kind, mutant + std::string(below(400), '\0'));
        }
    CHECK(read > 100); // some of them are whole
}
