#include "temporary_folder.hpp"
#include <groundglass/error.hpp>
#include <groundglass/io/read_ct.hpp>

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace groundglass;
using namespace groundglass::volume;
namespace fs = std::filesystem;

namespace {

std::string refusal(const fs::path& path, const io::read_options& options = {}) {
    try {
        static_cast<void>(io::read_ct(path, options));
    } catch (const format_error& error) {
        const std::string text = error.what();
        CHECK(text.rfind(path.string() + ": ", 0) == 0);
        return text;
    }
    return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::optional<fs::path> shared(const char* name) {
    const fs::path path = fs::path(GROUNDGLASS_SHARED_DATA) / name;
    if (fs::exists(path)) return path;
    MESSAGE("skipped: the real CT data is not there: ", name);
    return {};
}

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
}

/// Air, lung and soft tissue as MetaImage text and voxels.
std::string metaimage(const std::string& transform, const std::string& size, int add = 0) {
    std::string text = "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
                       "CompressedData = False\nTransformMatrix = " +
                       transform + "\nOffset = 1 2 3\nElementSpacing = 0.8 0.7 2.5\nDimSize = " + size +
                       "\nElementType = MET_SHORT\nElementDataFile = LOCAL\n";
    for (int i = 0; i < 10 * 4 * 3; ++i) {
        const int column = i % 10;
        const auto value = static_cast<std::int16_t>((column < 2   ? -1000
                                                      : column < 5 ? -850
                                                                   : 40) +
                                                     i / 40 + add);
        text.append(reinterpret_cast<const char*>(&value), 2);
    }
    return text;
}

std::string little(std::size_t value, int bytes) {
    std::string result;
    for (int i = 0; i < bytes; ++i) result += static_cast<char>(value >> 8 * i & 0xff);
    return result;
}

/// An explicit little-endian element.
std::string element(std::uint32_t tag, const std::string& vr, std::string value) {
    if (value.size() % 2 == 1) value += vr == "UI" ? '\0' : ' ';
    const bool wide = vr == "SQ" || vr == "OW" || vr == "OB";
    return little(tag >> 16, 2) + little(tag & 0xffff, 2) + vr +
           (wide ? little(0, 2) + little(value.size(), 4) : little(value.size(), 2)) + value;
}

std::string item(const std::string& content) {
    return little(0xe000fffe, 4) + little(content.size(), 4) + content;
}

/// An enhanced CT of 2 x 2 voxels a frame; frame `i` lies at `heights[i]` mm and holds -800 + 10 * i + (1 to
/// 4), stored with an intercept of its own.
std::string enhanced(const std::vector<int>& heights, std::size_t described) {
    const std::string sop = "1.2.840.10008.5.1.4.1.1.2.1";
    std::string meta = element(0x00020002, "UI", sop) + element(0x00020010, "UI", "1.2.840.10008.1.2.1");
    std::string frames, voxels;
    for (std::size_t i = 0; i < heights.size(); ++i) {
        const int intercept = -1000 - static_cast<int>(i);
        if (i < described)
            frames += item(element(0x00209113, "SQ",
                                   item(element(0x00200032, "DS", "0\\0\\" + std::to_string(heights[i])))) +
                           element(0x00289145, "SQ",
                                   item(element(0x00281052, "DS", std::to_string(intercept)) +
                                        element(0x00281053, "DS", "1") + element(0x00281054, "LO", "HU"))));
        for (int v = 0; v < 4; ++v)
            voxels +=
                little(static_cast<std::size_t>(-900 + 10 * static_cast<int>(i) + 310 * v - intercept), 2);
    }
    const auto shared = item(element(0x00209116, "SQ", item(element(0x00200037, "DS", "1\\0\\0\\0\\1\\0"))) +
                             element(0x00289110, "SQ", item(element(0x00280030, "DS", "0.7\\0.8"))));
    return std::string(128, '\0') + "DICM" + element(0x00020000, "UL", little(meta.size(), 4)) + meta +
           element(0x00080008, "CS", "ORIGINAL\\PRIMARY\\VOLUME\\NONE") + element(0x00080016, "UI", sop) +
           element(0x00080018, "UI", "1.2.3.1") + element(0x00080060, "CS", "CT") +
           element(0x0020000d, "UI", "1.2.3") + element(0x0020000e, "UI", "1.2.3.4") +
           element(0x00280002, "US", little(1, 2)) + element(0x00280004, "CS", "MONOCHROME2") +
           element(0x00280008, "IS", std::to_string(heights.size())) +
           element(0x00280010, "US", little(2, 2)) + element(0x00280011, "US", little(2, 2)) +
           element(0x00280100, "US", little(16, 2)) + element(0x00280101, "US", little(16, 2)) +
           element(0x00280102, "US", little(15, 2)) + element(0x00280103, "US", little(1, 2)) +
           element(0x52009229, "SQ", shared) + element(0x52009230, "SQ", frames) +
           element(0x7fe00010, "OW", voxels);
}

} // namespace

TEST_CASE("an enhanced CT is read frame by frame") {
    const temporary_folder folder;
    const auto path = folder.path / "ct.dcm";
    write(path, enhanced({20, 10, 40, 30}, 4));
    const auto ct = io::read_ct(path);
    CHECK(ct.grid().shape == shape3{4, 2, 2});
    CHECK(ct.grid().spacing_mm == vector3{10, 0.7, 0.8});
    CHECK(ct.grid().origin_mm == vector3{0, 0, 10});
    const int frame[] = {1, 0, 3, 2};
    for (std::size_t s = 0; s < 4; ++s)
        for (std::size_t v = 0; v < 4; ++v)
            CHECK(ct.hounsfield()(s, v / 2, v % 2) == -900 + 10 * frame[s] + 310 * static_cast<int>(v));
    CHECK(ct.notes().front().code == "rescale_varies");

    write(path, enhanced({20, 10, 40, 30}, 3));
    CHECK(has(refusal(path), "describe 3 frames where its header claims 4"));
    write(path, enhanced({20, 10, 50, 40}, 4));
    CHECK(has(refusal(path), "1 slice is missing"));
    const auto whole = enhanced({20, 10, 40, 30}, 4);
    for (std::size_t length = 140; length < whole.size(); ++length) {
        write(path, whole.substr(0, length));
        CHECK_FALSE(refusal(path).empty());
    }
}

TEST_CASE("a MetaImage is read in place and turned to axial") {
    const temporary_folder folder;
    const auto path = folder.path / "ct.mha";
    write(path, metaimage("1 0 0 0 1 0 0 0 1", "10 4 3"));
    auto ct = io::read_ct(path);
    CHECK(ct.grid().shape == shape3{3, 4, 10});
    CHECK(ct.grid().spacing_mm == vector3{2.5, 0.7, 0.8});
    CHECK(ct.grid().origin_mm == vector3{1, 2, 3});
    CHECK(ct.hounsfield()(0, 0, 0) == -1000);
    CHECK(ct.hounsfield()(2, 3, 9) == 42);
    CHECK(ct.notes().empty());

    write(path, metaimage("-1 0 0 0 -1 0 0 0 1", "10 4 3"));
    ct = io::read_ct(path);
    CHECK(ct.hounsfield()(0, 0, 9) == -1000);
    CHECK(ct.grid().is_axial());

    write(path, metaimage("1 0 0 0 1 0 0 0 1", "10 4 3", 1024));
    CHECK(has(io::read_ct(path).notes().front().code, "offset_subtracted"));
    write(path, metaimage("1 0 0 0 1 0 0 0 1", "10 4 3", -1024));
    CHECK(has(refusal(path), "soft tissue"));
    CHECK_THROWS_AS(static_cast<void>(io::read_ct(path, {.series_uid = "1.2"})), std::invalid_argument);
}

TEST_CASE("volumes that are cut off or claim too much are refused") {
    const temporary_folder folder;
    const auto path = folder.path / "ct.mha";
    const auto whole = metaimage("1 0 0 0 1 0 0 0 1", "10 4 3");
    write(path, whole.substr(0, whole.size() - 30));
    CHECK(has(refusal(path), "cut off"));
    write(path, metaimage("1 0 0 0 1 0 0 0 1", "1024 1024 1024"));
    CHECK(has(refusal(path), "claims 2147.5 MB"));
    auto odd = whole;
    odd.replace(odd.find("LOCAL"), 5, "LIST2"); // of which MetaIO writes past its memory
    write(path, odd);
    CHECK(has(refusal(path), "another file"));
    write(path, whole.substr(0, 100));
    CHECK(has(refusal(path), "damaged or cut off"));
    write(path, metaimage("1 0 0 0 1 0 0 0 1", "10 12"));
    CHECK_FALSE(refusal(path).empty());
}

TEST_CASE("voxels beside their header, whatever the case of the name, and only there") {
    const temporary_folder folder;
    const auto whole = metaimage("1 0 0 0 1 0 0 0 1", "10 4 3");
    const auto at = whole.find("LOCAL");
    const auto header = [&](const std::string& name) { return whole.substr(0, at) + name + "\n"; };
    const auto path = folder.path / "ct.mhd";
    write(folder.path / "ct.RAW", whole.substr(at + 6));
    write(path, header("./ct.RAW"));
    CHECK(io::read_ct(path).hounsfield()(2, 3, 9) == 42);
    write(path, header("CT.raw"));
    CHECK(io::read_ct(path).hounsfield()(2, 3, 9) == 42);
    write(path, header("../ct.RAW"));
    CHECK(has(refusal(path), "another folder"));
    write(path, header("none.raw"));
    CHECK(has(refusal(path), "not beside it"));

    // Names of bytes that are no UTF-8.
    const auto strange = folder.path / "\xcf\xe0\xf6.mha";
    write(strange, whole);
    CHECK(io::read_ct(strange).hounsfield()(2, 3, 9) == 42);
    auto preamble = std::string("NRRD0004\n") + std::string(119, '\0') + "DICM";
    write(folder.path / "x.dcm", preamble);
    CHECK_FALSE(has(refusal(folder.path / "x.dcm"), "NRRD"));
}

TEST_CASE("paths that hold nothing readable") {
    const temporary_folder folder;
    CHECK(has(refusal(folder.path / "nowhere"), "no such file"));
    CHECK(has(refusal(folder.path), "the folder is empty"));
    const auto text = folder.path / "text.dcm";
    write(text, std::string(600, 'a'));
    CHECK(has(refusal(text), "neither DICOM, NIfTI"));
    CHECK(has(refusal(folder.path), "no DICOM image"));
    write(text, "");
    CHECK(has(refusal(text), "empty"));
    write(text, "PK\x03\x04");
    CHECK(has(refusal(text), "zip"));
    write(text, "NRRD0004\n");
    CHECK(has(refusal(text), "NRRD header is damaged"));
    write(text, "Rar!\x1a\x07");
    CHECK(has(refusal(text), "unpack it"));
    write(folder.path / "x.nii.gz", "\x1f\x8b"
                                    "broken");
    CHECK_FALSE(refusal(folder.path / "x.nii.gz").empty());
    write(folder.path / "x.nrrd", "NRRD0004\ntype: short\n");
    CHECK(has(refusal(folder.path / "x.nrrd"), "damaged"));
}

TEST_CASE("a real series, whole, and with a file cut off or slices missing") {
    const auto series = shared("covid-ct-md/normal-001");
    if (!series) return;
    const auto ct = io::read_ct(*series);
    CHECK(ct.grid().shape == shape3{154, 512, 512});
    CHECK(ct.grid().spacing_mm[0] == doctest::Approx(2));
    CHECK(ct.grid().origin_mm[2] == doctest::Approx(-330.5));
    CHECK(ct.notes().empty());
    long long sum = 0;
    for (const auto value : flat(ct.hounsfield())) sum += value;
    CHECK(sum == -14953122333); // the sum SimpleITK's series reader gives

    const temporary_folder folder;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(*series)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i < 3; ++i) fs::create_symlink(files[i], folder.path / files[i].filename());
    CHECK_FALSE(refusal(folder.path).empty()); // slices 1, 10 and 100

    const auto cut = folder.path / "cut.dcm";
    const auto content = content_of(files[0]);
    for (const auto& entry : fs::directory_iterator(folder.path)) fs::remove(entry);
    write(cut, content.substr(0, content.size() / 2));
    CHECK(has(refusal(cut), "compressed voxels are cut off"));
    write(cut, content.substr(0, 700));
    CHECK(has(refusal(cut), "damaged"));
    write(cut, content);
    CHECK(io::read_ct(cut).notes().front().code == "single_slice");
}

TEST_CASE("other real files") {
    if (const auto path = shared("chest-imaging-platform/simple_dicom")) {
        const auto ct = io::read_ct(*path);
        CHECK(ct.grid().shape == shape3{2, 512, 512});
        CHECK(ct.notes().front().code == "padding");
    }
    if (const auto path = shared("chest-imaging-platform/ct-64.nrrd"))
        CHECK(io::read_ct(*path).grid().shape == shape3{79, 64, 64});
    if (const auto path = shared("totalsegmentator/example_ct.nii.gz")) {
        const auto ct = io::read_ct(*path);
        CHECK(ct.grid().shape == shape3{112, 101, 122});
        CHECK(ct.grid().origin_mm[1] == doctest::Approx(-311.319));
        const temporary_folder folder;
        const auto content = content_of(*path);
        write(folder.path / "cut.nii.gz", content.substr(0, content.size() / 2));
        CHECK(has(refusal(folder.path / "cut.nii.gz"), "cut off or damaged"));
    }
    if (const auto path = shared("lungmask")) CHECK(io::read_ct(*path).notes()[1].code == "modality_missing");
}

TEST_CASE("a JPEG stream damaged inside is refused, and nothing of it reaches the standard error") {
    const auto series = shared("covid-ct-md/normal-001");
    if (!series) return;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(*series)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    auto content = content_of(files.front());
    const temporary_folder folder;
    write(folder.path / "whole.dcm", content);
    CHECK(io::read_ct(folder.path).grid().shape[0] == 1);
    std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(content.size() / 2), 200, '\0');
    write(folder.path / "whole.dcm", content);

    std::FILE* said = std::tmpfile();
    REQUIRE(said);
    const int saved = ::dup(STDERR_FILENO);
    ::dup2(::fileno(said), STDERR_FILENO);
    const auto text = refusal(folder.path);
    ::dup2(saved, STDERR_FILENO);
    ::close(saved);
    CHECK(has(text, "the JPEG data of a slice are damaged"));
    std::fseek(said, 0, SEEK_END);
    CHECK(std::ftell(said) == 0);
    std::fclose(said);
}
