#include "temporary_folder.hpp"
#include <groundglass/error.hpp>
#include <groundglass/io/labels.hpp>
#include <groundglass/reading/nifti_header.hpp>
#include <groundglass/reading/orientation.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::reading;
namespace fs = std::filesystem;

namespace {

const geometry grid{.shape = {3, 4, 5}, .spacing_mm = {2.5, 0.7, 0.8}, .origin_mm = {-10, -20, -300}};

ct_volume ct(const geometry& where = grid) { return {make_array<std::int16_t>(where.shape), where}; }

array3<std::uint8_t> labels() {
    auto result = make_array<std::uint8_t>(grid.shape);
    for (std::size_t i = 0; i < result.size(); ++i) flat(result)[i] = static_cast<std::uint8_t>(i % 3);
    return result;
}

std::string refusal(const fs::path& path, const ct_volume& like) {
    try {
        static_cast<void>(io::read_labels<std::uint8_t>(path, like, 2));
    } catch (const format_error& error) {
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("labels come back from every format, and no other file is left") {
    for (const auto* ending : {".nii", ".nii.gz", ".nrrd", ".mha"}) {
        CAPTURE(ending);
        const temporary_folder folder;
        const auto path = folder.path / (std::string("lungs") + ending);
        io::write_labels(path, labels(), grid);
        CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
        CHECK(io::read_labels(path, ct()) == labels());
        io::write_labels(path, make_array<std::uint8_t>(grid.shape), grid); // over the first
        CHECK(io::read_labels(path, ct()) == make_array<std::uint8_t>(grid.shape));
    }
}

TEST_CASE("labels of any orientation and tilt come back") {
    const temporary_folder folder;
    std::array<std::size_t, 3> axes{0, 1, 2};
    do {
        for (int signs = 0; signs < 8; ++signs)
            for (const double tilt : {-0.45, 0.0, 0.0001, 0.2, 0.52}) {
                geometry file;
                auto axial = grid;
                axial.direction[0] = {0, std::sin(tilt), std::cos(tilt)};
                for (std::size_t i = 0; i < 3; ++i) {
                    file.shape[i] = grid.shape[axes[i]];
                    file.spacing_mm[i] = grid.spacing_mm[axes[i]];
                    for (std::size_t k = 0; k < 3; ++k)
                        file.direction[i][k] = (signs >> i & 1 ? -1 : 1) * axial.direction[axes[i]][k];
                }
                file.origin_mm = {-10, -20, -300};
                const auto order = axial_order_of(file);
                const auto like = to_axial(file, order);
                const auto in_file = from_axial(labels(), order);
                for (const auto* name : {"lungs.nii", "lungs.nii.gz", "lungs.nrrd", "lungs.mha"}) {
                    CAPTURE(name);
                    io::write_labels(folder.path / name, in_file, file);
                    CHECK(io::read_labels(folder.path / name, ct(like)) == labels());
                }
                // The qform, where there is one, says the same.
                std::ifstream written(folder.path / "lungs.nii", std::ios::binary);
                const std::string start(std::istreambuf_iterator<char>(written), {});
                for (const auto& one : read_nifti_header(start).remarks) CHECK(one.code == "sheared_axes");
                CHECK((start[252] == 1) == (tilt == 0));
            }
    } while (std::next_permutation(axes.begin(), axes.end()));
}

TEST_CASE("lobes are read up to the highest that is asked for") {
    const temporary_folder folder;
    const auto path = folder.path / "lobes.nrrd";
    io::write_labels(path, make_array<std::uint8_t>(grid.shape, 5), grid);
    CHECK(io::read_labels(path, ct(), 5) == make_array<std::uint8_t>(grid.shape, 5));
    CHECK_THROWS_WITH_AS((void)io::read_labels(path, ct(), 4), doctest::Contains("from 0 to 4"),
                         format_error);
    CHECK(refusal(path, ct()).find("from 0 to 2") != std::string::npos);
    CHECK(io::read_labels<std::uint16_t>(path, ct()) == make_array<std::uint16_t>(grid.shape, 5));
}

TEST_CASE("a folder with a file for each part is read by their names") {
    const temporary_folder folder;
    const auto layer = [&](const char* name, std::size_t slice, std::uint8_t value) {
        auto part = make_array<std::uint8_t>(grid.shape);
        for (auto& label : slice_of(part, slice)) label = value;
        io::write_labels(folder.path / name, part, grid);
    };
    layer("heart.nii.gz", 0, 1);
    CHECK(refusal(folder.path, ct()).find("none of its files is a lobe or lung by its name") !=
          std::string::npos);
    layer("lungs.nii.gz", 1, 1);
    CHECK(io::read_labels(folder.path, ct())(1, 0, 0) == 1);
    layer("lung_right.nii.gz", 1, 255);
    layer("lung_left.nrrd", 2, 1);
    CHECK(io::read_labels(folder.path, ct())(1, 0, 0) == 2);
    CHECK(io::read_labels(folder.path, ct())(2, 3, 4) == 1);
    layer("lung_middle_lobe_right.nii.gz", 0, 1);
    layer("lung_lower_lobe_left.nii.gz", 2, 1);
    const auto lobes = io::read_labels(folder.path, ct());
    CHECK(lobes(0, 0, 0) == 4);
    CHECK(lobes(1, 0, 0) == 0);
    CHECK(lobes(2, 0, 0) == 2);
    layer("lung_upper_lobe_left.nii.gz", 2, 1);
    CHECK(refusal(folder.path, ct()).find("100 % of it lie in another part") != std::string::npos);
    std::filesystem::remove(folder.path / "lung_upper_lobe_left.nii.gz");
    layer("LLL.nii.gz", 2, 1);
    CHECK(refusal(folder.path, ct()).find("the same part") != std::string::npos);
}

TEST_CASE("another grid and other values are refused") {
    const temporary_folder folder;
    const auto path = folder.path / "lungs.nii.gz";
    io::write_labels(path, labels(), grid);
    auto other = grid;
    other.origin_mm[2] += 2.5;
    CHECK(refusal(path, ct(other)).find("another grid") != std::string::npos);
    auto wrong = labels();
    wrong(1, 2, 3) = 9;
    io::write_labels(path, wrong, grid);
    CHECK(refusal(path, ct()).find("holds the value 9") != std::string::npos);
    CHECK(refusal(folder.path / "none.nii", ct()).find("no such file") != std::string::npos);
}

TEST_CASE("what can't be written is told") {
    const temporary_folder folder;
    CHECK_THROWS_AS(io::write_labels(folder.path / "lungs.png", labels(), grid), std::invalid_argument);
    CHECK_THROWS_AS(io::write_labels(folder.path / "x.nii", make_array<std::uint8_t>({1, 1, 1}), grid),
                    std::invalid_argument);
    CHECK_THROWS_AS(io::write_labels(folder.path / "no" / "x.nii", labels(), grid), format_error);
}
