#include <groundglass/lungs/detail/lobe_network.hpp>
#include <groundglass/lungs/given_parts.hpp>
#include <groundglass/lungs/lobes.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

namespace {

/// Lungs of the table's mean outline, 230 x 170 x 125 mm each, in air of -850 HU.
struct mean_lungs {
    vector3 spacing{2.5, 2, 2};
    std::size_t slices = 104;
    std::function<bool(std::size_t s, std::size_t r, std::size_t c, std::uint8_t lung)> is_lung =
        [](std::size_t, std::size_t, std::size_t, std::uint8_t) { return true; };

    [[nodiscard]] lung_ct make() const {
        namespace table = groundglass::lungs::detail::lobe_table;
        const std::array<std::size_t, 3> cells{table::cells[0] / 2, table::cells[1] / 2, table::cells[2] / 2};
        volume::detail::weight_text text(table::centre, table::zero, table::left_out);
        std::vector<double> centre(2 * cells[0] * cells[1] * cells[2]);
        for (auto& share : centre)
            share = (static_cast<double>(text.next()) + table::levels) / (2 * table::levels);
        geometry grid;
        grid.shape = {slices, 100, 150};
        grid.spacing_mm = spacing;
        auto lungs = make_array<std::uint8_t>(grid.shape);
        const std::array<double, 3> size{230, 170, 125};
        const auto filled = [&](std::size_t first, std::array<double, 3> at) {
            std::array<std::size_t, 3> low{};
            std::array<double, 3> share{};
            for (std::size_t axis = 0; axis < 3; ++axis) {
                if (at[axis] < 0 || at[axis] > 1) return 0.0;
                const double x = std::clamp(at[axis] * static_cast<double>(cells[axis]) - 0.5, 0.0,
                                            static_cast<double>(cells[axis]) - 1.001);
                low[axis] = static_cast<std::size_t>(x);
                share[axis] = x - static_cast<double>(low[axis]);
            }
            double sum = 0;
            for (std::size_t corner = 0; corner < 8; ++corner) {
                double weight = 1;
                std::size_t place = 0;
                for (std::size_t axis = 0; axis < 3; ++axis) {
                    const std::size_t one = corner >> axis & 1U;
                    weight *= one != 0 ? share[axis] : 1 - share[axis];
                    place = place * cells[axis] + low[axis] + one;
                }
                sum += weight * centre[first + place];
            }
            return sum;
        };
        for (std::size_t s = 0; s < slices; ++s)
            for (std::size_t r = 0; r < 100; ++r)
                for (std::size_t c = 0; c < 150; ++c) {
                    const double z = (static_cast<double>(s) * spacing[0] - 15) / size[0],
                                 y = (static_cast<double>(r) * spacing[1] - 15) / size[1],
                                 x = (static_cast<double>(c) * spacing[2] - 150) / size[2];
                    const bool left = x > 0;
                    if (filled(left ? centre.size() / 2 : 0, {z, y, std::abs(x) - 0.08}) < 0.5) continue;
                    const auto label = static_cast<std::uint8_t>(left ? lung_label::left : lung_label::right);
                    if (is_lung(s, r, c, label)) lungs(s, r, c) = label;
                }
        return {ct_volume(make_array<std::int16_t>(grid.shape, -850), grid), std::move(lungs)};
    }
};

std::string said(const lung_ct& study) {
    REQUIRE(study.notes().size() == 1);
    CHECK(study.notes()[0].level == note_level::info);
    return study.notes()[0].code + ": " + study.notes()[0].text;
}

/// Voxels of each lobe over those of its lung.
std::array<double, 6> shares(const lung_ct& study) {
    std::array<double, 6> result{};
    std::array<double, 3> all{};
    for (std::size_t i = 0; i < study.lungs().size(); ++i) {
        CHECK_EQ(flat(*study.lobes())[i] != 0, flat(study.lungs())[i] != 0);
        ++result[flat(*study.lobes())[i]];
        ++all[flat(study.lungs())[i]];
    }
    for (std::size_t lobe = 1; lobe < 6; ++lobe) result[lobe] /= all[lobe < 3 ? 1 : 2];
    return result;
}

/// Mean distance in mm along the rows of the left oblique border from a plane through it moved by `by_mm`.
double distance_from(const array3<std::uint8_t>& lobes, const array3<std::uint8_t>& before, double by_mm,
                     double spacing) {
    const auto shape = shape_of(lobes);
    double sum = 0, n = 0;
    const auto border = [&](const array3<std::uint8_t>& map, std::size_t s, std::size_t c) {
        double last = -1;
        for (std::size_t r = 1; r < shape[1]; ++r)
            if (map(s, r - 1, c) == 1 && map(s, r, c) == 2) last = static_cast<double>(r);
        return last;
    };
    for (std::size_t s = 20; s < shape[0] - 30; ++s)
        for (std::size_t c = 0; c < shape[2]; ++c) {
            const double here = border(lobes, s, c), there = border(before, s, c);
            if (here < 0 || there < 0) continue;
            sum += std::abs((here - there) * spacing - by_mm);
            ++n;
        }
    REQUIRE(n > 200);
    return sum / n;
}

} // namespace

TEST_CASE("lobes: lungs of the mean outline get the lobes of the mean") {
    REQUIRE(lobes_are_built());
    const auto found = lobes{}(mean_lungs{}.make());
    CHECK(said(found) == "lobes_estimated: The lobes were estimated from the lungs' shape alone.");
    const auto share = shares(found);
    CHECK(share[1] > 0.4);
    CHECK(share[1] < 0.65);
    CHECK(share[3] > 0.25);
    CHECK(share[4] > 0.1);
    CHECK(share[4] < 0.25);
    CHECK(share[5] > 0.35);
    REQUIRE(found.lobe_estimate());
    for (const auto& fissure : found.lobe_estimate()->fissures) {
        CHECK(fissure.seen == 0);
        CHECK(fissure.expected_error_mm > 2);
        CHECK(fissure.expected_error_mm < 15);
    }
    // The places of the lobes are those that a map of another program is known by.
    const auto& study = mean_lungs{}.make();
    CHECK(*with_lobes(study, *found.lobes()).lobes() == *found.lobes());
    CHECK(with_lobes(study, *found.lobes()).notes().empty());
}

TEST_CASE("lobes: a sheet in the CT draws the border to itself, where slices are thin") {
    const auto study = mean_lungs{}.make();
    const auto by_shape = lobes{{.fissures = false}}(study);
    // The border by shape moved 8 mm to the back, as a sheet two voxels thick.
    constexpr std::size_t rows = 4;
    auto hounsfield = study.ct().hounsfield();
    unsigned noise = 1;
    for (auto& value : flat(hounsfield)) {
        noise = noise * 1664525U + 1013904223U;
        value = static_cast<std::int16_t>(value + static_cast<int>(noise >> 24U) / 8 - 16);
    }
    const auto& map = *by_shape.lobes();
    for (std::size_t s = 0; s < map.shape()[0]; ++s)
        for (std::size_t r = 1; r + rows < map.shape()[1]; ++r)
            for (std::size_t c = 0; c < map.shape()[2]; ++c)
                if (map(s, r - 1, c) == 1 && map(s, r, c) == 2 && study.lungs()(s, r + rows, c) == 1)
                    hounsfield(s, r + rows, c) = -690;
    const auto painted = [&](double slice_mm) {
        auto grid = study.ct().grid();
        grid.spacing_mm[0] = slice_mm;
        return lung_ct(ct_volume(hounsfield, grid), study.lungs());
    };
    const auto found = lobes{}(painted(2.5));
    CHECK(said(found).find("what fissures the CT shows") != std::string::npos);
    CHECK((*found.lobe_estimate())[fissure::left_oblique].seen > 0.5);
    CHECK((*found.lobe_estimate())[fissure::right_oblique].seen < 0.1);
    CHECK((*found.lobe_estimate())[fissure::right_horizontal].seen < 0.1);
    CHECK(distance_from(*found.lobes(), map, 8, 2) < 3);
    CHECK(distance_from(*by_shape.lobes(), map, 8, 2) == doctest::Approx(8));

    CHECK_FALSE(lobes{}(painted(3.1)).lobe_estimate()->by_fissures());
    CHECK_FALSE(lobes{{.fissures = false}}(painted(2.5)).lobe_estimate()->by_fissures());
}

TEST_CASE("lobes: none where less than the course of a fissure is there") {
    const auto why = [](const mean_lungs& chest) {
        const auto found = lobes{}(chest.make());
        CHECK_FALSE(found.lobes());
        CHECK_FALSE(found.lobe_estimate());
        return said(found);
    };
    mean_lungs chest;
    chest.is_lung = [](auto, auto, auto, std::uint8_t lung) { return lung == 1; };
    CHECK(why(chest) == "lobes_not_estimated: No lobes were estimated: the right lung is missing.");
    chest.is_lung = [](auto, std::size_t r, auto, std::uint8_t lung) { return lung == 2 || r < 30; };
    CHECK(why(chest).find("the left lung is far smaller") != std::string::npos);
    chest.is_lung = [](std::size_t s, auto, auto, auto) { return s > 40; };
    CHECK(why(chest).find("cut off at its base") != std::string::npos);
    chest.is_lung = [](std::size_t s, auto, auto, auto) { return s < 65; };
    CHECK(why(chest).find("cut off at its apex") != std::string::npos);
    chest.is_lung = [](std::size_t s, auto, auto, auto) { return s > 50 && s < 56; };
    CHECK(why(chest).find("in too few slices") != std::string::npos);
    chest.is_lung = [](std::size_t, auto, auto, auto) { return false; };
    CHECK(why(chest).find("are missing") != std::string::npos);
    chest.is_lung = [](auto, std::size_t r, auto, auto) { return r % 3 == 0; }; // mostly holes
    CHECK(why(chest).find("outline is unlike") != std::string::npos);
}

TEST_CASE("lobes: holes in a mask move the borders little") {
    const auto whole = lobes{}(mean_lungs{}.make());
    mean_lungs chest;
    chest.is_lung = [](std::size_t s, std::size_t r, std::size_t c, auto) {
        return (s / 3 % 4 != 0) || (r / 3 % 4 != 0) || (c / 3 % 3 != 0);
    };
    const auto holed = lobes{}(chest.make());
    REQUIRE(holed.lobes());
    std::size_t differ = 0, all = 0;
    for (std::size_t i = 0; i < whole.lobes()->size(); ++i) {
        if (flat(*holed.lobes())[i] == 0) continue;
        ++all;
        differ += flat(*holed.lobes())[i] != flat(*whole.lobes())[i];
    }
    CHECK(static_cast<double>(differ) < 0.05 * static_cast<double>(all));
}

TEST_CASE("lobes: what is given stays, and takes the place of an estimate") {
    const auto study = mean_lungs{}.make();
    const auto found = lobes{}(study);
    CHECK(lobes{}(found).lobes() == found.lobes());
    CHECK(lobes{}(found).notes() == found.notes());
    CHECK(with_segments(found, make_array<std::uint8_t>(study.ct().grid().shape, 1)).lobe_estimate());
    const auto given = with_lobes(found, *found.lobes());
    CHECK(given.lobes());
    CHECK_FALSE(given.lobe_estimate());
}

TEST_CASE("lobes: options out of range are refused") {
    CHECK_THROWS_AS((void)lobes({.thickest_slice_mm = -1}), std::invalid_argument);
    CHECK_THROWS_AS((void)lobes({.thickest_slice_mm = std::nan("")}), std::invalid_argument);
}
