#include <groundglass/lungs/lung_sides.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

namespace {

constexpr shape3 shape{30, 60, 100};

/// A body of 40 HU from column 10 to 89 in air, with boxes of lung.
struct chest {
    array3<std::int16_t> hounsfield = make_array<std::int16_t>(shape, -1000);
    bit_mask lungs{shape};

    chest() {
        for (std::size_t s = 0; s < shape[0]; ++s)
            for (std::size_t r = 5; r < 55; ++r)
                for (std::size_t c = 10; c < 90; ++c) hounsfield(s, r, c) = 40;
    }
    chest& lung(std::size_t begin, std::size_t end, std::size_t first_row = 15, std::size_t last_row = 44) {
        for (std::size_t s = 4; s < 26; ++s)
            for (std::size_t r = first_row; r <= last_row; ++r) {
                lungs.set(s, r, begin, end);
                for (std::size_t c = begin; c < end; ++c) hounsfield(s, r, c) = -850;
            }
        return *this;
    }
    [[nodiscard]] lung_sides sides() const {
        return find_sides(ct_volume(hounsfield, {.shape = shape, .spacing_mm = {3, 2, 2}}), lungs);
    }
};

std::ptrdiff_t count(const lung_sides& found, int label) {
    const auto labels = flat(found.labels);
    return std::count(labels.begin(), labels.end(), static_cast<std::uint8_t>(label));
}

} // namespace

TEST_CASE("find_sides: the left lung lies in the higher columns") {
    const auto found = chest().lung(16, 44).lung(56, 84).sides();
    CHECK(found.how == sides_by::parts);
    CHECK(found.parted_at_mm == 0);
    CHECK(found.labels(10, 30, 70) == 1);
    CHECK(found.labels(10, 30, 30) == 2);
    CHECK(count(found, 1) == count(found, 2));
}

TEST_CASE("find_sides: lungs that touch are parted") {
    auto touching = chest().lung(16, 44).lung(54, 84).lung(44, 54, 16, 17);
    const auto found = touching.sides();
    CHECK(found.how == sides_by::parts);
    CHECK(found.parted_at_mm > 0);
    CHECK(found.labels(10, 30, 70) == 1);
    CHECK(found.labels(10, 30, 30) == 2);
    CHECK(static_cast<std::size_t>(count(found, 1) + count(found, 2)) == touching.lungs.count());
}

TEST_CASE("find_sides: a lung alone keeps its side, also where it comes in two pieces or herniates") {
    for (const bool left : {false, true}) {
        const std::size_t shift = left ? 40 : 0;
        const auto whole = chest().lung(16 + shift, 44 + shift).sides();
        CHECK(whole.how == sides_by::place);
        CHECK(count(whole, left ? 2 : 1) == 0);
        // Pieces apart by more than a quarter of their width: not two lungs.
        const auto pieces = chest().lung(14 + shift, 24 + shift).lung(32 + shift, 46 + shift).sides();
        CHECK(count(pieces, left ? 2 : 1) == 0);
    }
    CHECK(count(chest().lung(16, 52).sides(), 1) == 0);
}

TEST_CASE("find_sides: what no shape tells apart is cut at the middle, and nothing gives nothing") {
    const auto found = chest().lung(16, 84).sides();
    CHECK(found.how == sides_by::cut);
    CHECK(found.labels(10, 30, 20) == 2);
    CHECK(found.labels(10, 30, 80) == 1);
    CHECK(count(chest().sides(), 0) == static_cast<std::ptrdiff_t>(shape[0] * shape[1] * shape[2]));
    const ct_volume ct(make_array<std::int16_t>({2, 3, 4}), {.shape = {2, 3, 4}});
    CHECK_THROWS_AS(static_cast<void>(find_sides(ct, bit_mask({2, 3, 5}))), std::invalid_argument);
}
