#include "models.hpp"
#include <groundglass/segmentation/segmenter.hpp>

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

using namespace groundglass;
using namespace groundglass::segmentation;

namespace {

std::string refusal(const std::filesystem::path& model) {
    try {
        static_cast<void>(segmenter({.model = model}));
    } catch (const model_error& error) {
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("segmenter: probabilities of an image whose edges are no multiple of 32") {
    const auto file = test_model("tiny.pt");
    if (file.empty()) return;
    const segmenter tiny({.model = file});
    CHECK(tiny.contract().name == "tiny");
    CHECK(tiny.contract().long_edge == 64);

    // Air, ground glass in the left part, consolidation in the right.
    const image_size size{40, 50};
    std::vector<float> image(size.area(), -1.0F);
    for (std::size_t row = 0; row < size.rows; ++row)
        for (std::size_t column = 0; column < size.columns; ++column)
            image[row * 50 + column] = column < 20 ? 0.25F : column < 40 ? 1.0F : -1.0F;
    std::vector<float> planes(2 * size.area());
    tiny(image, size, planes);
    const auto at = [&](std::size_t plane, std::size_t row, std::size_t column) {
        return planes[plane * size.area() + row * 50 + column];
    };
    for (const std::size_t row : {std::size_t{0}, std::size_t{20}, std::size_t{39}}) {
        CHECK(at(0, row, 5) == doctest::Approx(0.982F * (1 - 0.018F)).epsilon(0.01));
        CHECK(at(1, row, 5) == doctest::Approx(0.982F * 0.018F).epsilon(0.01));
        CHECK(at(1, row, 30) == doctest::Approx(1.0F).epsilon(0.01));
        CHECK(at(0, row, 45) == doctest::Approx(0.0F));
    }
    CHECK_THROWS_AS(tiny(image, {40, 49}, planes), std::invalid_argument);
    CHECK_THROWS_AS(tiny(image, size, std::span(planes).first(10)), std::invalid_argument);
}

TEST_CASE("segmenter: many threads call one network and get the same") {
    const auto file = test_model("tiny.pt");
    if (file.empty()) return;
    const segmenter tiny({.model = file});
    const image_size size{64, 64};
    std::vector<std::vector<float>> results(4, std::vector<float>(2 * size.area()));
    std::vector<std::thread> threads;
    for (auto& result : results)
        threads.emplace_back([&] {
            const std::vector<float> image(size.area(), 0.1F);
            for (int i = 0; i < 5; ++i) tiny(image, size, result);
        });
    for (auto& thread : threads) thread.join();
    for (const auto& result : results) CHECK(result == results[0]);
    CHECK(results[0][100] > 0.8F);
}

TEST_CASE("segmenter: a copy shares the network, equality is by options") {
    const auto file = test_model("tiny.pt");
    if (file.empty()) return;
    const segmenter a({.model = file});
    const segmenter b = a;
    CHECK(&a.contract() == &b.contract());
    CHECK(a == b);
    CHECK_FALSE(a == segmenter({.model = test_model("failing.pt")}));
}

TEST_CASE("segmenter: each wrong file is refused with its own reason") {
    if (test_model("tiny.pt").empty()) return;
    const auto check = [](const char* name, const char* reason) {
        const auto text = refusal(test_model(name));
        INFO(text);
        CHECK(contains(text, name));
        CHECK(contains(text, reason));
        CHECK_FALSE(contains(text, "frame #"));
        CHECK_FALSE(contains(text, "\n"));
        CHECK_FALSE(contains(text, ".cpp"));
    };
    CHECK(contains(refusal("nowhere/missing.pt"), "no such model file"));
    CHECK(contains(refusal(std::filesystem::temp_directory_path()), "a folder"));
    check("empty.pt", "is empty");
    check("legacy.pt", "not a TorchScript file");
    check("truncated.pt", "damaged or was cut off");
    check("checkpoint.pt", "models import");
    check("no_contract.pt", "without groundglass.json");
    check("not_json.pt", "not a JSON object");
    check("future.pt", "format_version 2");
    check("logits.pt", "promises probabilities");
    check("pair.pt", "one tensor");
    check("half.pt", "(1, 2, 32, 32)");
    check("three_classes.pt", "(1, 3, 64, 64)");
}

TEST_CASE("segmenter: a package that does not belong here is refused before any of it is loaded") {
    if (test_model("not_a_library.pt2").empty()) return;
    const auto check = [](const char* name, const char* reason) {
        const auto text = refusal(test_model(name));
        INFO(text);
        CHECK(contains(text, name));
        CHECK(contains(text, reason));
        CHECK_FALSE(contains(text, "cannot be loaded"));
        CHECK_FALSE(contains(text, "\n"));
    };
    check("truncated.pt2", "damaged or was cut off");
    check("package_no_contract.pt2", "without groundglass.json");
    check("not_compiled.pt2", "'compiled'");
    check("other_torch.pt2", "compiled with torch 1.13.1, and torch 2.");
    check("other_device.pt2", "for the device 'cuda'");
    check("device_of_program.pt2", "for the device 'cuda'");
    check("other_machine.pt2", "s390x");
    check("other_vectors.pt2", "AVX4096");
    check("other_planes.pt2", "[1,3,null,null]");
    check("one_size.pt2", "alone, and by its contract their size follows the lungs");
    check("other_size.pt2", "[1,1,96,96], and its contract has 64 x 64");
    // All that it says of itself is right; that it is no library shows when it is loaded.
    const auto text = refusal(test_model("not_a_library.pt2"));
    INFO(text);
    CHECK(contains(text, "the compiled package cannot be loaded"));
}

TEST_CASE("segmenter: a package gives what the TorchScript file gives, at every size and from every thread") {
    const auto compiled = test_model("tiny.pt2");
    const auto script = test_model("tiny.pt");
    if (compiled.empty() || script.empty()) return;
    const segmenter package({.model = compiled});
    const segmenter tiny({.model = script});
    CHECK(package.contract() == tiny.contract());
    for (const image_size size : {image_size{32, 32}, image_size{64, 96}, image_size{40, 250}}) {
        std::vector<float> image(size.area());
        for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 97) / 48.0F - 1.0F;
        std::vector<float> expected(2 * size.area());
        tiny(image, size, expected);
        std::vector<std::vector<float>> results(6, std::vector<float>(2 * size.area()));
        std::vector<std::thread> threads;
        for (auto& result : results) threads.emplace_back([&] { package(image, size, result); });
        for (auto& thread : threads) thread.join();
        for (const auto& result : results) {
            CHECK(result == results[0]);
            // Weights of tiny.pt are in half precision, which holds them exactly.
            for (std::size_t i = 0; i < expected.size(); ++i)
                REQUIRE(result[i] == doctest::Approx(expected[i]).epsilon(1e-5));
        }
    }
    CHECK_THROWS_AS(static_cast<void>(segmenter({.model = compiled, .bfloat16 = true})),
                    std::invalid_argument);
}

TEST_CASE("segmenter: a network that fails says why in one line") {
    const auto file = test_model("failing.pt");
    if (file.empty()) return;
    const segmenter model({.model = file});
    const image_size size{96, 96};
    const std::vector<float> image(size.area());
    std::vector<float> planes(2 * size.area());
    try {
        model(image, size, planes);
        FAIL("no error");
    } catch (const model_error& error) {
        const std::string text = error.what();
        INFO(text);
        CHECK(contains(text, "rows beyond 64"));
        CHECK(contains(text, "1 x 96 x 96"));
        CHECK_FALSE(contains(text, "\n"));
    }
}

TEST_CASE("segmenter: bfloat16 is refused or close") {
    const auto file = test_model("tiny.pt");
    if (file.empty()) return;
    const image_size size{32, 32};
    const std::vector<float> image(size.area(), 0.03F);
    std::vector<float> exact(2 * size.area());
    std::vector<float> rough(2 * size.area());
    segmenter({.model = file})(image, size, exact);
    try {
        segmenter({.model = file, .bfloat16 = true})(image, size, rough);
    } catch (const std::invalid_argument& error) {
        CHECK(contains(error.what(), "bfloat16"));
        return;
    }
    for (std::size_t i = 0; i < rough.size(); ++i) CHECK(rough[i] == doctest::Approx(exact[i]).epsilon(0.02));
    CHECK(rough != exact);
}
