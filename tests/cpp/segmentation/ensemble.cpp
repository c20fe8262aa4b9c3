#include "models.hpp"
#include <groundglass/segmentation/ensemble.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::segmentation;
using segmentation::ensemble;

namespace {

constexpr shape3 shape{12, 48, 64};

/// Lungs as two boxes, slices 2 to 9, of air; `paint` sets HU in a box of the left lung.
struct scene {
    array3<std::int16_t> ct = make_array<std::int16_t>(shape, 40);
    array3<std::uint8_t> lungs = make_array<std::uint8_t>(shape);

    scene() {
        for (std::size_t s = 2; s < 10; ++s)
            for (std::size_t r = 8; r < 40; ++r)
                for (std::size_t c = 6; c < 58; ++c) {
                    if (c >= 28 && c < 36) continue;
                    ct(s, r, c) = -1000;
                    lungs(s, r, c) = c < 28 ? 2 : 1;
                }
    }
    void paint(std::size_t slice, std::size_t row, std::size_t column, std::size_t edge, std::int16_t value) {
        for (std::size_t r = row; r < row + edge; ++r)
            for (std::size_t c = column; c < column + edge; ++c) ct(slice, r, c) = value;
    }
    [[nodiscard]] lung_ct make(double slice_mm = 2) const {
        return {ct_volume(ct, {.shape = shape, .spacing_mm = {slice_mm, 1, 1}}), lungs};
    }
};

// What the tiny model of make_models.py calls ground glass, from -600 HU, and consolidation, from -225 HU.
constexpr std::int16_t glass = -400;
constexpr std::int16_t dense = 50;

std::size_t count(const lesion_ct& result, int label) {
    return static_cast<std::size_t>(
        std::ranges::count(flat(result.lesions()), static_cast<std::uint8_t>(label)));
}

bool has_note(const lesion_ct& result, const std::string& code) {
    return std::ranges::any_of(result.notes(), [&](const note& n) { return n.code == code; });
}

} // namespace

TEST_CASE("ensemble: lesions of known place and class, nothing beyond the lungs") {
    const auto model = test_model("tiny.pt");
    if (model.empty()) return;
    scene patient;
    for (std::size_t s = 3; s < 7; ++s) {
        patient.paint(s, 12, 40, 10, glass);
        patient.paint(s, 26, 40, 10, dense);
    }
    const auto result = patient.make() | ensemble({.models = {model}});
    for (std::size_t s = 3; s < 7; ++s) {
        CHECK(result.lesions()(s, 16, 44) == 1);
        CHECK(result.lesions()(s, 30, 44) == 2);
    }
    CHECK(result.lesions()(4, 16, 15) == 0);
    CHECK(result.lesions()(9, 16, 44) == 0);
    // 4 slices of 10 x 10, less what resizing and the rim of partial densities move.
    CHECK(count(result, 1) + count(result, 2) == doctest::Approx(800).epsilon(0.25));
    std::size_t outside = 0;
    for (std::size_t i = 0; i < result.ct().grid().size(); ++i)
        outside += flat(result.lesions())[i] != 0 && flat(result.lungs())[i] == 0 ? 1 : 0;
    CHECK(outside == 0);
    CHECK(result.notes()[0].code == "segmented");
    CHECK(result.notes()[0].text.find("8 slices with lung by tiny 1") != std::string::npos);
    CHECK(has_note(result, "short_lungs"));
    CHECK(result.ground_glass_probability() == nullptr);
}

TEST_CASE("ensemble: any number of threads gives the same bytes") {
    const auto model = test_model("tiny.pt");
    if (model.empty()) return;
    scene patient;
    for (std::size_t s = 3; s < 8; ++s)
        patient.paint(s, 10 + s, 38, 9, static_cast<std::int16_t>(-700 + 100 * static_cast<int>(s)));
    const auto input = patient.make();
    const auto one = ensemble({model}, {.threads = 1, .keep_probabilities = true})(input);
    for (const int threads : {2, 5, 64}) {
        const auto many = ensemble({model}, {.threads = threads, .keep_probabilities = true})(input);
        CHECK(one.lesions() == many.lesions());
        CHECK(*one.ground_glass_probability() == *many.ground_glass_probability());
        CHECK(*one.consolidation_probability() == *many.consolidation_probability());
    }
    CHECK((*one.ground_glass_probability())(4, 18, 42) > 100);
    CHECK((*one.ground_glass_probability())(0, 0, 0) == 0);
}

TEST_CASE("ensemble: averaging removes what one thin slice alone shows, and leaves thick slices alone") {
    const auto model = test_model("tiny.pt");
    if (model.empty()) return;
    scene patient;
    patient.paint(5, 16, 40, 8, glass);
    const auto label = [&](const scene& seen, double average_mm, double slice_mm) {
        const auto result = ensemble({model}, {.average_mm = average_mm})(seen.make(slice_mm));
        return int{result.lesions()(5, 20, 44)};
    };
    CHECK(label(patient, 0, 2) == 1);
    CHECK(label(patient, 2.5, 2) == 0);
    CHECK(label(patient, 2.5, 5) == 1);
    // Where the neighbours have no lung, they do not count.
    for (const std::size_t s : {4, 6})
        for (std::size_t r = 8; r < 40; ++r)
            for (std::size_t c = 38; c < 58; ++c) patient.lungs(s, r, c) = 0;
    CHECK(label(patient, 2.5, 2) == 1);
}

TEST_CASE("ensemble: small lesions are dropped by their volume") {
    const auto model = test_model("tiny.pt");
    if (model.empty()) return;
    scene patient;
    for (std::size_t s = 3; s < 8; ++s) patient.paint(s, 12, 40, 10, glass);
    for (std::size_t s = 3; s < 8; ++s) patient.paint(s, 30, 10, 4, glass);
    const auto input = patient.make(2); // 1.0 and 0.16 ml
    const auto all = ensemble({model}, {.minimum_lesion_ml = 0})(input);
    const auto large = ensemble({model}, {.minimum_lesion_ml = 0.5})(input);
    CHECK(all.lesions()(5, 32, 12) == 1);
    CHECK(large.lesions()(5, 32, 12) == 0);
    CHECK(large.lesions()(5, 16, 44) == 1);
    CHECK(has_note(large, "small_lesions_dropped"));
    CHECK_FALSE(has_note(all, "small_lesions_dropped"));
}

TEST_CASE("ensemble: progress is told from the calling thread and can stop the run") {
    const auto model = test_model("tiny.pt");
    if (model.empty()) return;
    const auto input = scene().make();
    const ensemble stage({model}, {.threads = 2});
    const auto caller = std::this_thread::get_id();
    std::size_t last = 0;
    static_cast<void>(stage.run(input, [&](std::size_t done, std::size_t total) {
        CHECK(std::this_thread::get_id() == caller);
        CHECK(total == 8);
        CHECK(done >= last);
        last = done;
        return true;
    }));
    CHECK(last == 8);
    CHECK_THROWS_AS(static_cast<void>(stage.run(input, [](std::size_t, std::size_t) { return false; })),
                    segmentation::cancelled);
    CHECK_THROWS_AS(static_cast<void>(stage.run(
                        input, [](std::size_t, std::size_t) -> bool { throw std::logic_error("x"); })),
                    std::logic_error);
}

TEST_CASE("ensemble: no lung, no work, a note") {
    const auto model = test_model("tiny.pt");
    if (model.empty()) return;
    scene patient;
    std::ranges::fill(flat(patient.lungs), std::uint8_t{0});
    const auto result = ensemble({model}, {.keep_probabilities = true})(patient.make());
    CHECK(count(result, 0) == result.ct().grid().size());
    CHECK(has_note(result, "no_lung"));
    CHECK(result.consolidation_probability() != nullptr);
}

TEST_CASE("ensemble: the mean of several models") {
    const auto model = test_model("tiny.pt");
    if (model.empty()) return;
    scene patient;
    for (std::size_t s = 3; s < 8; ++s) patient.paint(s, 12, 40, 10, glass);
    const auto one = ensemble({model}, {.keep_probabilities = true})(patient.make());
    const auto two = ensemble({model, model}, {.keep_probabilities = true})(patient.make());
    CHECK(one.lesions() == two.lesions());
    CHECK(*one.ground_glass_probability() == *two.ground_glass_probability());
}

TEST_CASE("ensemble: a network that fails in a thread is a model_error in the caller") {
    const auto model = test_model("failing.pt");
    if (model.empty()) return;
    scene patient;
    // Taller than wide, so that the long edge of 96 becomes the rows.
    for (std::size_t s = 2; s < 10; ++s)
        for (std::size_t r = 8; r < 40; ++r)
            for (std::size_t c = 20; c < 58; ++c) patient.lungs(s, r, c) = 0;
    CHECK_THROWS_AS(static_cast<void>(ensemble({model}, {.threads = 3})(patient.make())), model_error);
}

TEST_CASE("ensemble: options out of range are named") {
    const auto refusal = [](const segmentation::ensemble_options& options) -> std::string {
        try {
            static_cast<void>(ensemble(options));
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "accepted";
    };
    CHECK(refusal({}).find("models is empty") != std::string::npos);
    CHECK(refusal({{.threads = -1}, {"x"}}).find("threads") != std::string::npos);
    CHECK(refusal({{.threshold = 0}, {"x"}}).find("threshold") != std::string::npos);
    CHECK(refusal({{.threshold = 1.5}, {"x"}}).find("found 1.5") != std::string::npos);
    CHECK(refusal({{.average_mm = -1}, {"x"}}).find("average_mm") != std::string::npos);
    CHECK(refusal({{.minimum_lesion_ml = -1}, {"x"}}).find("minimum_lesion_ml") != std::string::npos);
    CHECK_THROWS_AS(static_cast<void>(ensemble({.models = {"missing.pt"}})), model_error);
    const auto other = test_model("other_classes.pt");
    if (!other.empty()) CHECK_THROWS_AS(static_cast<void>(ensemble({.models = {other}})), model_error);
}

TEST_CASE("ensemble: a picture gives two planes of its own size") {
    const auto model = test_model("tiny.pt");
    if (model.empty()) return;
    const ensemble stage({.models = {model}});
    const segmentation::image_size size{70, 90};
    std::vector<std::uint8_t> grey(size.area(), 0);
    std::vector<float> hounsfield(size.area(), -1350.0F);
    for (std::size_t r = 20; r < 50; ++r)
        for (std::size_t c = 30; c < 60; ++c) {
            grey[r * 90 + c] = 170; // two thirds of the window
            hounsfield[r * 90 + c] = -350.0F;
        }
    const auto picture = stage.segment_image(std::span<const std::uint8_t>(grey), size);
    CHECK(shape_of(picture) == shape3{2, 70, 90});
    CHECK(picture(0, 35, 45) > 0.9F);
    CHECK(picture(1, 35, 45) < 0.1F);
    CHECK(picture(0, 5, 5) < 0.01F);
    const auto slice = stage.segment_image(std::span<const float>(hounsfield), size);
    const auto other = stage.segment_image(std::span<const float>(hounsfield), size, {{-1350, 150}});
    CHECK(slice == other);
    for (std::size_t i = 0; i < flat(slice).size(); ++i)
        CHECK(flat(slice)[i] == doctest::Approx(flat(picture)[i]).epsilon(1e-4));
    CHECK_THROWS_AS(static_cast<void>(stage.segment_image(std::span<const float>(hounsfield), {3, 4})),
                    std::invalid_argument);
    CHECK_THROWS_AS(
        static_cast<void>(stage.segment_image(std::span<const float>(hounsfield), size, {{5, 5}})),
        std::invalid_argument);
}

TEST_CASE("ensemble: a four-class network sees the whole slice, and the lungs bound what it finds") {
    const auto model = test_model("four_class.pt");
    if (model.empty()) return;
    scene patient;
    for (std::size_t s = 3; s < 7; ++s) {
        patient.paint(s, 12, 40, 10, glass);
        patient.paint(s, 26, 40, 10, 300);
        patient.paint(s, 0, 0, 6, glass); // beyond the lungs
    }
    const auto input = patient.make();
    const auto result = ensemble({model}, {.average_mm = 0, .keep_probabilities = true})(input);
    const auto published = ensemble(segmentation::ensemble_options::compatible(model))(input);
    for (std::size_t s = 3; s < 7; ++s) {
        CHECK(result.lesions()(s, 16, 44) == 1);
        CHECK(result.lesions()(s, 30, 44) == 2);
        CHECK(result.lesions()(s, 2, 2) == 0);
        CHECK(published.lesions()(s, 16, 44) == 1);
        CHECK(published.lesions()(s, 30, 44) == 2);
        CHECK(published.lesions()(s, 2, 2) == 1);
        CHECK(published.lesions()(s, 20, 15) == 0);
    }
    CHECK((*result.ground_glass_probability())(4, 16, 44) > 230);
    CHECK(result.lesions()(8, 16, 44) == 0);
    CHECK(published.notes()[0].text.find("12 slices by tiny 1 as published") != std::string::npos);
    // Slices 0 and 1 are constant: an answer for them too, and no division by zero.
    const auto flat_slice = slice_of(published.lesions(), 0);
    CHECK(std::ranges::all_of(flat_slice, [&](std::uint8_t label) { return label == flat_slice[0]; }));

    const auto logits = test_model("four_class_logits.pt");
    const auto same = ensemble({logits}, {.average_mm = 0, .keep_probabilities = true})(input);
    CHECK(same.lesions() == result.lesions());
    CHECK(*same.ground_glass_probability() == *result.ground_glass_probability());
}

TEST_CASE("ensemble: further planes of a model do not matter") {
    const auto two = test_model("tiny.pt");
    const auto four = test_model("four_planes.pt");
    if (two.empty() || four.empty()) return;
    scene patient;
    for (std::size_t s = 3; s < 8; ++s) {
        patient.paint(s, 12, 40, 10, glass);
        patient.paint(s, 26, 40, 10, dense);
    }
    const ensemble stage({four}, {.keep_probabilities = true});
    CHECK(stage.models()[0].contract().classes.size() == 4);
    CHECK(stage.models()[0].contract().normalisation == segmentation::normalisation::window);
    const auto found = stage(patient.make());
    const auto expected = ensemble({two}, {.keep_probabilities = true})(patient.make());
    CHECK(found.lesions() == expected.lesions());
    CHECK(*found.ground_glass_probability() == *expected.ground_glass_probability());
    CHECK(*found.consolidation_probability() == *expected.consolidation_probability());
}

TEST_CASE("ensemble: views are averaged, and make the answer follow the patient") {
    const auto model = test_model("tiny.pt");
    if (model.empty()) return;
    scene patient;
    scene mirrored;
    for (std::size_t s = 3; s < 8; ++s) {
        patient.paint(s, 11, 38, 9, glass);
        patient.paint(s, 26, 43, 7, dense);
    }
    for (std::size_t s = 0; s < shape[0]; ++s)
        for (std::size_t r = 0; r < shape[1]; ++r)
            for (std::size_t c = 0; c < shape[2]; ++c) {
                mirrored.ct(s, r, c) = patient.ct(s, r, shape[2] - 1 - c);
                mirrored.lungs(s, r, c) = patient.lungs(s, r, shape[2] - 1 - c);
            }
    const auto probability = [&](const scene& seen, int views) {
        const auto result = ensemble({model}, {.views = views, .keep_probabilities = true})(seen.make());
        const auto& doubt = result.uncertainty();
        CHECK((doubt ? doubt->member_voxels.size() : 1) == static_cast<std::size_t>(views));
        return *result.ground_glass_probability();
    };
    const auto one = probability(patient, 1);
    for (const int views : {2, 4, 8}) {
        INFO(views);
        const auto here = probability(patient, views);
        const auto there = probability(mirrored, views);
        std::size_t apart = 0;
        std::size_t far = 0;
        for (std::size_t s = 0; s < shape[0]; ++s)
            for (std::size_t r = 0; r < shape[1]; ++r)
                for (std::size_t c = 0; c < shape[2]; ++c) {
                    apart += std::abs(here(s, r, c) - there(s, r, shape[2] - 1 - c)) > 1 ? 1 : 0;
                    far += std::abs(here(s, r, c) - one(s, r, c)) > 12 ? 1 : 0;
                }
        CHECK(apart == 0);
        // The tiny network looks at one pixel at a time, so a view changes nothing but the resizing.
        CHECK(far == 0);
    }
    const auto refusal = [&](const segmentation::ensemble_options& options) -> std::string {
        try {
            static_cast<void>(ensemble(options));
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "accepted";
    };
    CHECK(refusal({{.views = 3}, {model}}).find("views must be 1, 2, 4 or 8, found 3") != std::string::npos);
    auto published = segmentation::ensemble_options::compatible(test_model("four_class.pt"));
    published.views = 2;
    CHECK(refusal(published).find("views must be 1 with as_published") != std::string::npos);
}

TEST_CASE("ensemble: a picture in every view gives the same planes") {
    const auto model = test_model("tiny.pt");
    if (model.empty()) return;
    const segmentation::image_size size{70, 90};
    std::vector<std::uint8_t> grey(size.area());
    for (std::size_t i = 0; i < grey.size(); ++i)
        grey[i] = static_cast<std::uint8_t>((i / 90 + i % 90) * 8 / 5);
    const auto one = ensemble({.models = {model}}).find_in_image(std::span<const std::uint8_t>(grey), size);
    const auto all = ensemble({model}, {.views = 8}).find_in_image(std::span<const std::uint8_t>(grey), size);
    for (std::size_t i = 0; i < 2 * size.area(); ++i)
        REQUIRE(flat(one.probabilities)[i] == doctest::Approx(flat(all.probabilities)[i]).epsilon(0.01));
    std::size_t differ = 0;
    for (std::size_t i = 0; i < size.area(); ++i)
        differ += flat(one.labels)[i] != flat(all.labels)[i] ? 1 : 0;
    CHECK(differ < size.area() / 100);
    CHECK(std::ranges::count(flat(one.labels), std::uint8_t{1}) > 1000);
    CHECK(std::ranges::count(flat(one.labels), std::uint8_t{2}) > 500);
}

TEST_CASE("ensemble: the lungs of a picture, where every model has that class") {
    const auto model = test_model("four_class.pt");
    if (model.empty()) return;
    const segmentation::image_size size{64, 64};
    // By their spread 28 columns are lung, 10 ground glass, 16 the rest and 10 consolidation.
    struct tissue {
        std::uint8_t grey, label, lung;
    };
    const auto tissue_of = [](std::size_t i) -> tissue {
        const auto column = i % 64;
        if (column < 8 || column >= 56) return {183, 0, 0};
        if (column < 36) return {62, 0, 1};
        return column < 46 ? tissue{131, 1, 1} : tissue{212, 2, 1};
    };
    std::vector<std::uint8_t> grey(size.area());
    for (std::size_t i = 0; i < grey.size(); ++i)
        grey[i] = static_cast<std::uint8_t>(tissue_of(i).grey + i / 64 % 15 - 7);
    const std::span<const std::uint8_t> picture(grey);
    for (const auto& options : {segmentation::ensemble_options{.models = {model}},
                                segmentation::ensemble_options{{.views = 8}, {model}},
                                segmentation::ensemble_options::compatible(model)}) {
        const auto found = ensemble(options).find_in_image(picture, size);
        REQUIRE(found.lungs);
        for (std::size_t i = 0; i < grey.size(); ++i) {
            REQUIRE(flat(found.labels)[i] == tissue_of(i).label);
            REQUIRE(flat(*found.lungs)[i] == tissue_of(i).lung);
        }
    }
    if (const auto other = test_model("tiny.pt"); !other.empty())
        CHECK_FALSE(ensemble({.models = {model, other}}).find_in_image(picture, size).lungs);
}

TEST_CASE("ensemble: nested lesions at calibrated levels, far below a 255th, small ones dropped at each") {
    const auto model = test_model("calibrated_wide.pt"); // thresholds 0.99, 0.5, 0.001
    if (model.empty()) return;
    scene patient;
    for (std::size_t s = 3; s < 8; ++s) {
        patient.paint(s, 12, 40, 10, glass);
        patient.paint(s, 26, 40, 10, dense);
        patient.paint(s, 30, 10, 4, glass); // 0.16 ml
        patient.paint(s, 12, 10, 10, -800); // a probability of 0.014
        patient.paint(s, 26, 14, 8, -930);  // of 0.0009
    }
    const auto result = ensemble({model}, {.average_mm = 0, .minimum_lesion_ml = 0.3})(patient.make());
    REQUIRE(result.uncertainty() != nullptr);
    const auto& doubt = *result.uncertainty();
    CHECK(doubt.levels == std::vector{0.05, 0.5, 0.95});
    CHECK(doubt.member_voxels.empty());
    const auto level = [&](std::size_t s, std::size_t r, std::size_t c) {
        return int{(*doubt.first_level)(s, r, c)};
    };
    CHECK(level(5, 16, 44) == 2);
    CHECK(level(5, 30, 44) == (1 | lesion_uncertainty::consolidated));
    CHECK(level(5, 16, 14) == 3);
    CHECK(level(5, 29, 17) == 0);
    CHECK(level(0, 0, 0) == 0);
    // At one half as in the lesions themselves.
    std::size_t differ = 0;
    for (std::size_t i = 0; i < flat(result.lesions()).size(); ++i) {
        const int place = flat(*doubt.first_level)[i] & lesion_uncertainty::place;
        differ += (place == 1 || place == 2) != (flat(result.lesions())[i] != 0) ? 1 : 0;
    }
    CHECK(differ == 0);
    CHECK(level(5, 32, 12) != 2);
    const auto all = ensemble({model}, {.average_mm = 0, .minimum_lesion_ml = 0})(patient.make());
    CHECK((*all.uncertainty()->first_level)(5, 32, 12) == 2);
    CHECK_FALSE(has_note(result, "not_calibrated"));
}

TEST_CASE("ensemble: several models have the mean of their thresholds, and tell what each finds") {
    const auto wide = test_model("calibrated_wide.pt");
    const auto low = test_model("calibrated_low.pt"); // thresholds 0.3, 0.2, 0.1
    const auto other = test_model("calibrated_other.pt");
    const auto plain = test_model("tiny.pt");
    if (wide.empty() || low.empty() || other.empty() || plain.empty()) return;
    scene patient;
    for (std::size_t s = 3; s < 8; ++s) {
        patient.paint(s, 12, 40, 10, glass);
        patient.paint(s, 12, 10, 10, -620); // a probability of 0.4: above 0.35, below 0.645
        patient.paint(s, 26, 10, 10, -700); // of 0.1: above 0.0505
    }
    const auto both = ensemble({.models = {wide, low}})(patient.make());
    REQUIRE(both.uncertainty() != nullptr);
    CHECK((*both.uncertainty()->first_level)(5, 16, 44) == 1);
    CHECK((*both.uncertainty()->first_level)(5, 16, 14) == 2);
    CHECK((*both.uncertainty()->first_level)(5, 30, 14) == 3);
    const auto members = both.uncertainty()->member_voxels;
    REQUIRE(members.size() == 2);
    CHECK(members[0] == members[1]);
    CHECK(members[0] == doctest::Approx(500).epsilon(0.3));

    const auto differing = ensemble({.models = {wide, other}})(patient.make());
    CHECK(has_note(differing, "calibrations_differ"));
    CHECK(differing.uncertainty()->levels.empty());
    CHECK(differing.uncertainty()->member_voxels.size() == 2);
    const auto without = ensemble({.models = {plain}})(patient.make());
    CHECK(has_note(without, "not_calibrated"));
    CHECK(without.uncertainty() == nullptr);
}

TEST_CASE("ensemble: a published flow takes what it was published for") {
    const auto window = test_model("tiny.pt");
    const auto four = test_model("four_class.pt");
    if (window.empty() || four.empty()) return;
    const auto refusal = [](const segmentation::ensemble_options& options) -> std::string {
        try {
            static_cast<void>(ensemble(options));
        } catch (const std::exception& error) {
            return error.what();
        }
        return "accepted";
    };
    CHECK(refusal(segmentation::ensemble_options::compatible(four)) == "accepted");
    CHECK(refusal(segmentation::ensemble_options::compatible(window)).find("takes a window") !=
          std::string::npos);
    auto options = segmentation::ensemble_options::compatible(four);
    options.average_mm = 4.5;
    CHECK(refusal(options).find("average_mm must be 0 with as_published, found 4.5") != std::string::npos);
    options = segmentation::ensemble_options::compatible(four);
    options.models.push_back(four);
    CHECK(refusal(options).find("models must be one file with as_published, found 2") != std::string::npos);
    CHECK(refusal({.models = {test_model("infection.pt")}}).find("use the stage inf_net") !=
          std::string::npos);
    CHECK(refusal({.models = {test_model("unknown_input.pt")}}).find("'quantile_9'") != std::string::npos);
    // A network made for groundglass and a published one beside each other.
    CHECK(refusal({.models = {window, four}}) == "accepted");
}
