#include "models.hpp"
#include <groundglass/segmentation/ensemble.hpp>
#include <groundglass/segmentation/lungs.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::segmentation;
using lung_network = segmentation::lungs;

namespace {

constexpr std::int16_t lung_hu = -800;

/// A body of 280 x 200 mm, 150 mm high, in air, with two lungs as boxes of 80 x 120 x 90 mm in it, drawn by
/// where the voxels' centres lie; toy-lungs takes -800 HU for lung.
struct chest {
    vector3 spacing;
    shape3 shape{};
    array3<std::int16_t> hounsfield;

    explicit chest(const vector3& spacing_mm) : spacing(spacing_mm) {
        constexpr vector3 size{150, 320, 320};
        for (std::size_t axis = 0; axis < 3; ++axis)
            shape[axis] = static_cast<std::size_t>(std::lround(size[axis] / spacing[axis]));
        hounsfield = make_array<std::int16_t>(shape, -1000);
        paint({0, 60, 20}, {150, 260, 300}, 40);
        paint({30, 90, 60}, {120, 210, 140}, lung_hu);
        paint({30, 90, 180}, {120, 210, 260}, lung_hu);
    }
    /// From `low` to `high`, in mm from the grid's corner.
    chest& paint(const vector3& low, const vector3& high, std::int16_t value) {
        each(low, high, [&](std::size_t s, std::size_t r, std::size_t c) { hounsfield(s, r, c) = value; });
        return *this;
    }
    template <class F>
    void each(const vector3& low, const vector3& high, F f) const {
        const auto inside = [&](std::size_t axis, std::size_t i) {
            const double at = (static_cast<double>(i) + 0.5) * spacing[axis];
            return at > low[axis] && at < high[axis];
        };
        for (std::size_t s = 0; s < shape[0]; ++s)
            for (std::size_t r = 0; r < shape[1]; ++r)
                for (std::size_t c = 0; c < shape[2]; ++c)
                    if (inside(0, s) && inside(1, r) && inside(2, c)) f(s, r, c);
    }
    [[nodiscard]] ct_volume make() const { return {hounsfield, {.shape = shape, .spacing_mm = spacing}}; }
    [[nodiscard]] double voxel_ml() const { return spacing[0] * spacing[1] * spacing[2] / 1000; }
};

double ml_of(const lung_ct& found, int label, const chest& patient) {
    const auto labels = flat(found.lungs());
    return static_cast<double>(std::count(labels.begin(), labels.end(), static_cast<std::uint8_t>(label))) *
           patient.voxel_ml();
}

bool has_note(const lung_ct& found, const std::string& code) {
    return std::ranges::any_of(found.notes(), [&](const note& n) { return n.code == code; });
}

} // namespace

TEST_CASE("lungs: found where they are, left and right, on fine and coarse grids") {
    const auto model = test_model("lungs.pt");
    if (model.empty()) return;
    const lung_network stage({.model = model});
    for (const vector3& spacing :
         {vector3{3, 2, 2}, vector3{1, 0.8, 0.8}, vector3{10, 1, 1}, vector3{2.5, 4, 4}}) {
        CAPTURE(spacing[0]);
        const chest patient(spacing);
        const auto found = patient.make() | stage;
        // 90 x 120 x 80 mm, less what partial cells at the walls move.
        CHECK(ml_of(found, 1, patient) == doctest::Approx(864).epsilon(0.12));
        CHECK(ml_of(found, 2, patient) == doctest::Approx(864).epsilon(0.12));
        std::size_t wrong = 0;
        patient.each({36, 96, 66}, {114, 204, 134}, [&](std::size_t s, std::size_t r, std::size_t c) {
            wrong += found.lungs()(s, r, c) != 2;
        });
        patient.each({36, 96, 186}, {114, 204, 254}, [&](std::size_t s, std::size_t r, std::size_t c) {
            wrong += found.lungs()(s, r, c) != 1;
        });
        CHECK(wrong == 0);
        CHECK(found.notes().front().code == "lungs_by_network");
        CHECK(found.notes().front().text == "Lungs by toy-lungs 1, threshold 0.5.");
    }
}

TEST_CASE("lungs: the planes lie where the contract says, and the end slice goes on beyond the ends") {
    const auto model = test_model("lungs_above.pt");
    if (model.empty()) return;
    const chest patient({3, 2, 2});
    const auto found = patient.make() | lung_network({.model = model});
    const auto is_lung = [&](std::size_t slice) { return found.lungs()(slice, 75, 50) != 0; };
    // Slices 10 to 39 hold lung; the network looks at the slice 6 mm, two slices, above.
    CHECK(!is_lung(7));
    CHECK(is_lung(8));
    CHECK(is_lung(37));
    CHECK(!is_lung(38));

    auto cut = chest({3, 2, 2});
    cut.paint({120, 90, 60}, {150, 210, 140}, lung_hu);
    CHECK((cut.make() | lung_network({.model = model})).lungs()(49, 75, 50) == 2);
}

TEST_CASE("lungs: holes are filled, specks dropped, and one lung is one lung") {
    const auto model = test_model("lungs.pt");
    if (model.empty()) return;
    const lung_network stage({.model = model});
    auto patient = chest({3, 2, 2});
    patient.paint({60, 140, 200}, {80, 160, 220}, 40);      // a mass within the left lung
    patient.paint({10, 100, 150}, {19, 110, 160}, lung_hu); // gas elsewhere
    const auto found = patient.make() | stage;
    CHECK(found.lungs()(23, 75, 105) == 1);
    CHECK(found.lungs()(4, 52, 77) == 0);
    CHECK(!has_note(found, "one_lung_missing"));

    for (const bool left : {false, true}) {
        auto lone = chest({3, 2, 2});
        const double removed = left ? 60 : 180;
        lone.paint({30, 90, removed}, {120, 210, removed + 80}, 40);
        const auto alone = lone.make() | stage;
        CHECK(ml_of(alone, left ? 2 : 1, lone) == 0);
        CHECK(ml_of(alone, left ? 1 : 2, lone) == doctest::Approx(864).epsilon(0.12));
        CHECK(has_note(alone, "one_lung_missing"));
    }
}

TEST_CASE("lungs: beside aerated lung the density decides where the network is in doubt") {
    const auto model = test_model("lungs.pt");
    if (model.empty()) return;
    const lung_network stage({.model = model});
    // On cells far finer than the network's the outline is that of the CT.
    const chest patient({1, 0.8, 0.8});
    const auto found = patient.make() | stage;
    const auto labels = flat(found.lungs());
    const auto values = flat(patient.hounsfield);
    std::size_t wrong = 0;
    std::size_t all = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        all += values[i] == lung_hu;
        wrong += (labels[i] != 0) != (values[i] == lung_hu);
    }
    CHECK(wrong < all / 50);
    // toy-lungs gives -640 HU about 0.25: lung at its side, nothing alone.
    auto more = chest({3, 2, 2});
    more.paint({30, 90, 140}, {120, 210, 144}, -640).paint({60, 100, 154}, {90, 200, 166}, -640);
    const auto taken = more.make() | stage;
    CHECK(taken.lungs()(25, 75, 70) == 2);
    CHECK(taken.lungs()(25, 75, 80) == 0);
}

TEST_CASE("lungs: a bridge between the lungs is parted, no lungs are a warning") {
    const auto model = test_model("lungs.pt");
    if (model.empty()) return;
    const lung_network stage({.model = model});
    auto patient = chest({3, 2, 2});
    patient.paint({60, 92, 138}, {90, 100, 182}, lung_hu);
    const auto found = patient.make() | stage;
    CHECK(has_note(found, "lungs_separated"));
    CHECK(found.lungs()(23, 75, 50) == 2);
    CHECK(found.lungs()(23, 75, 110) == 1);

    auto none = chest({3, 2, 2});
    none.paint({0, 60, 20}, {150, 260, 300}, 40);
    CHECK(has_note(none.make() | stage, "no_lungs_found"));
    const ct_volume small(make_array<std::int16_t>({1, 3, 2}, -1000), {.shape = {1, 3, 2}});
    CHECK(has_note(small | stage, "no_lungs_found"));
}

TEST_CASE("lungs: a spacing that no CT has neither fails nor takes endless memory") {
    const auto model = test_model("lungs.pt");
    if (model.empty()) return;
    const lung_network stage({.model = model});
    for (const double spacing : {1e-4, 200.0}) {
        const ct_volume ct(make_array<std::int16_t>({12, 20, 20}, lung_hu),
                           {.shape = {12, 20, 20}, .spacing_mm = {spacing, spacing, spacing}});
        CHECK_NOTHROW(static_cast<void>(ct | stage));
    }
}

TEST_CASE("lungs: the same on any number of threads, told of each slice, stopped on request") {
    const auto model = test_model("lungs.pt");
    if (model.empty()) return;
    const auto ct = chest({2, 1.5, 1.5}).make();
    const auto one = lung_network({.model = model, .threads = 1})(ct);
    CHECK(flat(lung_network({.model = model, .threads = 3})(ct).lungs()).size() == flat(one.lungs()).size());
    CHECK(lung_network({.model = model, .threads = 3})(ct).lungs() == one.lungs());

    std::size_t last = 0;
    std::size_t all = 0;
    const lung_network stage({.model = model});
    static_cast<void>(stage.run(ct, [&](std::size_t done, std::size_t total) {
        CHECK(done >= last);
        last = done;
        all = total;
        return true;
    }));
    CHECK(all == 50);
    CHECK(last == 50);
    for (const std::size_t stop : {0, 5, 50}) {
        const auto until = [&](std::size_t done, std::size_t) { return done < stop; };
        CHECK_THROWS_AS(static_cast<void>(stage.run(ct, until)), cancelled);
    }
}

TEST_CASE("lungs: options and models that do not fit are refused") {
    const auto model = test_model("lungs.pt");
    if (model.empty()) return;
    CHECK_THROWS_AS(lung_network({}), std::invalid_argument);
    CHECK_THROWS_AS(lung_network({.model = model, .threads = -1}), std::invalid_argument);
    CHECK_THROWS_AS(lung_network({.model = model, .threshold = 1.0}), std::invalid_argument);
    CHECK_THROWS_AS(lung_network({.model = model, .threshold = std::nan("")}), std::invalid_argument);
    CHECK_THROWS_WITH_AS(lung_network({.model = test_model("tiny.pt")}), doctest::Contains("finds no lungs"),
                         model_error);
    CHECK_THROWS_WITH_AS(ensemble(ensemble_options{{}, {model}}), doctest::Contains("finds lungs"),
                         model_error);
    CHECK(lung_network({.model = model}) == lung_network({.model = model}));
    CHECK(!(lung_network({.model = model}) == lung_network({.model = model, .threshold = 0.4})));
    CHECK(lung_network({.model = model}).model().contract().stack->neighbours_mm ==
          std::vector<double>{-6, 0, 6});
}
