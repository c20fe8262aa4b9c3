#include <groundglass/lungs/lung_plausibility.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

namespace {

struct box {
    shape3 first;
    shape3 last;
};

constexpr box left{{4, 4, 24}, {15, 15, 35}};
constexpr box right{{4, 4, 4}, {15, 15, 15}};

/// Codes for a CT of 20 x 20 x 40 voxels of 1 ml with a lung in each box: 1728 ml each where they are whole.
std::vector<std::string> codes(box l, box r, std::size_t slices = 20) {
    geometry grid;
    grid.shape = {slices, 20, 40};
    grid.spacing_mm = {10, 10, 10};
    const ct_volume ct(make_array<std::int16_t>(grid.shape, -800), grid);
    auto lungs = make_array<std::uint8_t>(grid.shape);
    const auto draw = [&](const box& b, std::uint8_t label) {
        for (std::size_t s = b.first[0]; s <= b.last[0]; ++s)
            for (std::size_t row = b.first[1]; row <= b.last[1]; ++row)
                for (std::size_t c = b.first[2]; c <= b.last[2]; ++c) lungs(s, row, c) = label;
    };
    draw(l, 1);
    draw(r, 2);
    std::vector<std::string> found;
    for (const auto& n : assess_lungs(ct, lungs)) {
        CHECK(n.level == note_level::warning);
        CHECK(n.text.back() == (n.code == "no_lungs_found" ? '?' : '.'));
        found.push_back(n.code);
    }
    return found;
}

using list = std::vector<std::string>;
constexpr box nothing{{1, 0, 0}, {0, 0, 0}};

} // namespace

TEST_CASE("assess_lungs: nothing to say of two whole lungs") { CHECK(codes(left, right).empty()); }

TEST_CASE("assess_lungs: each fault has its code") {
    CHECK(codes(nothing, nothing) == list{"no_lungs_found"});
    CHECK(codes(left, nothing) == list{"one_lung_missing"});
    CHECK(codes(left, {{4, 4, 4}, {15, 15, 7}}) == list{"lungs_asymmetric"});
    CHECK(codes(left, {{4, 4, 0}, {15, 15, 11}}) == list{"lungs_touch_border"});
    CHECK(codes(left, {{0, 4, 4}, {11, 15, 15}}) == list{"lungs_cut_at_base"});
    CHECK(codes({{8, 4, 24}, {19, 15, 35}}, right) == list{"lungs_cut_at_apex"});
    CHECK(codes({{4, 4, 24}, {7, 12, 35}}, {{4, 4, 4}, {7, 12, 15}}) == list{"lung_volume_implausible"});
    CHECK(codes({{1, 1, 20}, {18, 18, 38}}, {{1, 1, 1}, {18, 18, 19}}) == list{"lung_volume_implausible"});
    CHECK(codes({{1, 1, 24}, {7, 18, 35}}, {{1, 1, 4}, {7, 18, 15}}, 9) == list{"few_slices"});
}

TEST_CASE("assess_lungs: a small volume is explained by a cut") {
    CHECK(codes({{0, 4, 24}, {2, 15, 35}}, {{0, 4, 4}, {2, 15, 15}}) == list{"lungs_cut_at_base"});
}

TEST_CASE("assess_lungs: another shape or value is refused") {
    geometry grid;
    grid.shape = {2, 3, 4};
    const ct_volume ct(make_array<std::int16_t>(grid.shape), grid);
    CHECK_THROWS_AS((void)assess_lungs(ct, make_array<std::uint8_t>({2, 3, 5})), std::invalid_argument);
    CHECK_THROWS_AS((void)assess_lungs(ct, make_array<std::uint8_t>({2, 3, 4}, 3)), std::invalid_argument);
}

namespace {

/// A body of 5 mm voxels: tissue, a cage of ribs, lungs in it (1.6 l each) and a spine, to which a test adds.
struct patient {
    geometry grid;
    array3<std::int16_t> hounsfield;
    array3<std::uint8_t> lungs;

    patient() {
        grid.shape = {50, 56, 72};
        grid.spacing_mm = {5, 5, 5};
        hounsfield = make_array<std::int16_t>(grid.shape, -1000);
        lungs = make_array<std::uint8_t>(grid.shape);
        put({0, 4, 4}, {49, 51, 67}, 45);
        for (std::size_t s = 0; s + 1 < 50; s += 6) { // ribs, 10 mm high and 30 mm apart
            put({s, 8, 8}, {s + 1, 47, 8}, 400);
            put({s, 8, 63}, {s + 1, 47, 63}, 400);
            put({s, 47, 8}, {s + 1, 47, 63}, 400);
        }
        put({0, 40, 32}, {49, 47, 39}, 400); // spine
        put({14, 10, 10}, {43, 44, 29}, -860, 2);
        put({14, 10, 42}, {43, 44, 61}, -860, 1);
    }

    /// Writes HU from `first` to `last`, both in; a label where one is given.
    void put(shape3 first, shape3 last, int value, int label = -1) {
        for (std::size_t s = first[0]; s <= last[0]; ++s)
            for (std::size_t r = first[1]; r <= last[1]; ++r)
                for (std::size_t c = first[2]; c <= last[2]; ++c) {
                    hounsfield(s, r, c) = static_cast<std::int16_t>(value);
                    if (label >= 0) lungs(s, r, c) = static_cast<std::uint8_t>(label);
                }
    }

    [[nodiscard]] notes assess() const { return assess_lungs(ct_volume(hounsfield, grid), lungs); }

    /// The text of the one note with this code; empty where there is none.
    [[nodiscard]] std::string text_of(const std::string& code) const {
        std::string text;
        for (const auto& n : assess()) {
            if (n.code != code) continue;
            CHECK(n.level == note_level::warning);
            CHECK(text.empty());
            text = n.text;
        }
        return text;
    }
    /// The same where no other note is allowed.
    [[nodiscard]] std::string only(const std::string& code) const {
        CHECK(assess().size() == 1);
        return text_of(code);
    }
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("assess_lungs: nothing to say of a patient") { CHECK(patient().assess().empty()); }

TEST_CASE("assess_lungs: bowel gas in the mask, with its place") {
    patient p;
    p.put({6, 12, 44}, {13, 27, 59}, -990, 1);
    const auto text = p.text_of("lung_in_abdomen");
    CHECK(holds(text, "slices 7 to 14"));
    CHECK(holds(text, " ml"));
}

TEST_CASE("assess_lungs: a piece below its lung") {
    patient p;
    p.put({2, 20, 44}, {6, 30, 54}, 40, 1);
    CHECK(holds(p.text_of("lung_in_abdomen"), "76 ml, slices 3 to 7"));
}

TEST_CASE("assess_lungs: a bulla at the base is no bowel") {
    patient p;
    p.put({16, 20, 46}, {22, 30, 56}, -990);
    CHECK(p.assess().empty());
}

TEST_CASE("assess_lungs: the trachea in the mask") {
    patient p;
    p.put({28, 24, 34}, {48, 26, 37}, -1000, 2);
    const auto text = p.only("airway_in_lungs");
    CHECK(holds(text, "slices 29 to 49"));
}

TEST_CASE("assess_lungs: dense tissue behind a lung, by its density") {
    const auto behind = [](int value, bool bronchi) {
        patient p;
        p.put({14, 36, 44}, {33, 44, 61}, value, 0);
        if (bronchi)
            for (std::size_t c = 46; c < 60; c += 4) p.put({16, 38, c}, {32, 39, c}, -900, 0);
        return p.only("dense_outside_lungs");
    };
    const auto fluid = behind(8, false);
    CHECK(holds(fluid, "left"));
    CHECK(holds(fluid, "effusion"));
    CHECK(holds(fluid, "slices 15 to 34"));
    CHECK(holds(behind(40, true), "with air in it, it may be consolidation"));
    CHECK(holds(behind(40, false), "organ"));
}

TEST_CASE("assess_lungs: one side far smaller, with its place") {
    patient p;
    p.put({14, 10, 10}, {33, 44, 29}, 45, 0);
    const auto text = p.text_of("lungs_asymmetric");
    CHECK(holds(text, "right"));
    CHECK(holds(text, "875 ml, slices 35 to 44"));
}

TEST_CASE("assess_lungs: no chest") {
    patient water;
    for (auto& value : flat(water.hounsfield)) value = std::min<std::int16_t>(value, 50);
    CHECK(holds(water.only("not_a_chest"), "bone"));
    patient head;
    head.put({0, 4, 4}, {49, 51, 30}, 600);
    CHECK(holds(head.only("not_a_chest"), "head"));
    patient abdomen;
    std::fill(flat(abdomen.lungs).begin(), flat(abdomen.lungs).end(), std::uint8_t{0});
    abdomen.put({14, 10, 10}, {43, 44, 61}, 45);
    abdomen.put({47, 10, 10}, {49, 44, 29}, -860, 2);
    abdomen.put({47, 10, 42}, {49, 44, 61}, -860, 1);
    CHECK(holds(abdomen.text_of("not_a_chest"), "abdomen"));
}
