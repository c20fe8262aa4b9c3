#include <groundglass/error.hpp>
#include <groundglass/segmentation/model_contract.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace groundglass;
using namespace groundglass::segmentation;

namespace {

const std::string whole = R"({
    "format": "groundglass-model", "format_version": 1, "name": "unet-lite", "version": "3",
    "input": {"channels": 1, "long_edge": 320, "multiple_of": 16, "window_hu": [-1000, 200], "range": [0, 1]},
    "output": {"kind": "probability", "classes": ["ground_glass", "consolidation"]},
    "training_data": "a", "licence": "b", "origin": "c", "added_later": {}})";

std::string with(const std::string& from, const std::string& to) {
    std::string text = whole;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

const std::string four_class = R"({
    "format": "groundglass-model", "format_version": 1, "name": "ensemble", "version": "1",
    "architecture": "ensemble",
    "input": {"channels": 1, "planes": ["grey"], "size": [512, 480], "multiple_of": 32,
              "resize": "bilinear", "normalisation": "percentile_z_score", "clip": [-1500, 500],
              "percentiles": [5, 95], "mean": [0.485], "std": [0.229]},
    "output": {"kind": "logits", "classes": ["ground_glass", "consolidation", "other_lung", "background"]},
    "training_data": "a", "licence": "b", "origin": "c"})";

std::string but(const std::string& from, const std::string& to) {
    std::string text = four_class;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& json) {
    try {
        static_cast<void>(parse_model_contract(json, "some.pt"));
    } catch (const model_error& error) {
        return error.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("parse_model_contract reads every field and passes over unknown ones") {
    const auto contract = parse_model_contract(whole, "some.pt");
    CHECK(contract.name == "unet-lite");
    CHECK(contract.version == "3");
    CHECK(contract.channels == 1);
    CHECK(contract.long_edge == 320);
    CHECK(contract.multiple_of == 16);
    CHECK(contract.window_hu == value_range{-1000, 200});
    CHECK(contract.range == value_range{0, 1});
    CHECK(contract.classes == std::vector<std::string>{"ground_glass", "consolidation"});
    CHECK(contract.training_data == "a");
    CHECK(contract.licence == "b");
    CHECK(contract.origin == "c");
    CHECK(contract.padding == 0); // range.low
    CHECK(parse_model_contract(with("\"long_edge\"", "\"padding\": 0.5, \"long_edge\""), "").padding == 0.5);
}

TEST_CASE("parse_model_contract says what is wrong, and in which file") {
    CHECK(refusal("{").find("some.pt") == 0);
    CHECK(refusal("{").find("not a JSON object") != std::string::npos);
    CHECK(refusal("[]").find("not a JSON object") != std::string::npos);
    CHECK(refusal(with("groundglass-model", "onnx")).find("'onnx'") != std::string::npos);
    CHECK(refusal(with("\"format_version\": 1", "\"format_version\": 2")).find("format_version 2") !=
          std::string::npos);
    CHECK(refusal(with("\"probability\"", "\"logits\"")).find("output.kind = 'logits'") != std::string::npos);
    CHECK(refusal(with("\"channels\": 1, ", "")).find("has no input.channels") != std::string::npos);
    CHECK(refusal(with("\"channels\": 1", "\"channels\": 0")).find("input.channels = 0") !=
          std::string::npos);
    CHECK(refusal(with("\"channels\": 1", "\"channels\": 1.5")).find("input.channels = 1.5") !=
          std::string::npos);
    CHECK(refusal(with("320", "-320")).find("input.long_edge = -320") != std::string::npos);
    CHECK(refusal(with("320", "1e9")).find("input.long_edge") != std::string::npos);
    CHECK(refusal(with("[-1000, 200]", "[200, -1000]")).find("input.window_hu = [200,-1000]") !=
          std::string::npos);
    CHECK(refusal(with("[-1000, 200]", "[200]")).find("input.window_hu") != std::string::npos);
    CHECK(refusal(with("\"consolidation\"]", "\"ground_glass\"]")).find("output.classes") !=
          std::string::npos);
    CHECK(refusal(with("\"consolidation\"]", "7]")).find("output.classes") != std::string::npos);
    CHECK(refusal(with("\"licence\": \"b\"", "\"licence\": \"\"")).find("licence") != std::string::npos);
    CHECK(refusal(with("\"version\": \"3\"", "\"version\": 3")).find("version = 3") != std::string::npos);
    CHECK(refusal(with("\"input\": {\"channels\": 1,", "\"input\": 4, \"x\": {")).find("has no input") !=
          std::string::npos);
}

TEST_CASE("parse_model_contract reads the published normalisations") {
    const auto contract = parse_model_contract(four_class, "some.pt");
    CHECK(contract.normalisation == normalisation::percentile_z_score);
    CHECK(contract.output == output_kind::logits);
    CHECK(contract.size == image_size{512, 480});
    CHECK(contract.mean == std::vector<double>{0.485});
    CHECK(contract.deviation == std::vector<double>{0.229});
    CHECK(contract.clip == value_range{-1500, 500});
    CHECK(contract.percentiles == value_range{5, 95});
    CHECK(contract.classes.size() == 4);
    CHECK(parse_model_contract(whole, "").normalisation == normalisation::window);
    CHECK(parse_model_contract(whole, "").output == output_kind::probability);

    auto rgb = but("percentile_z_score", "imagenet_rgb");
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"\"channels\": 1", "\"channels\": 3"},
                                   {"[0.485]", "[0.485, 0.456, 0.406]"},
                                   {"[0.229]", "[0.229, 0.224, 0.225]"}})
        rgb.replace(rgb.find(from), from.size(), to);
    CHECK(parse_model_contract(rgb, "").normalisation == normalisation::imagenet_rgb);
    CHECK(parse_model_contract(rgb, "").mean == std::vector<double>{0.485, 0.456, 0.406});
}

TEST_CASE("parse_model_contract refuses a published contract that contradicts itself") {
    CHECK(refusal(but("percentile_z_score", "min_max"))
              .find("has input.normalisation = 'min_max', which this groundglass does not know; it knows "
                    "window, imagenet_rgb, imagenet_bgr_with_infection, percentile_z_score") !=
          std::string::npos);
    CHECK(refusal(but("\"percentile_z_score\"", "7")).find("input.normalisation = 7") != std::string::npos);
    CHECK(refusal(but("percentile_z_score", "imagenet_rgb"))
              .find("input.channels = 1 where imagenet_rgb has 3") != std::string::npos);
    CHECK(refusal(but("[512, 480]", "[512]")).find("input.size = [512]") != std::string::npos);
    CHECK(refusal(but("[512, 480]", "[512, 0]")).find("input.size = [512,0]") != std::string::npos);
    CHECK(refusal(but("[0.485]", "[0.485, 1]")).find("input.mean") != std::string::npos);
    CHECK(refusal(but("[0.229]", "[0]")).find("input.std = [0] where a list of 1 positive") !=
          std::string::npos);
    CHECK(refusal(but("[5, 95]", "[5, 195]")).find("input.percentiles") != std::string::npos);
    CHECK(refusal(but("[-1500, 500]", "[500, -1500]")).find("input.clip") != std::string::npos);
    CHECK(refusal(but("\"logits\"", "\"energy\"")).find("output.kind = 'energy'") != std::string::npos);
}

TEST_CASE("parse_model_contract reads a calibration, and refuses one that cannot bound anything") {
    CHECK_FALSE(parse_model_contract(whole, "").calibration);
    const auto calibrated = [](const std::string& text) {
        return with("\"origin\": \"c\"", "\"origin\": \"c\", \"calibration\": " + text);
    };
    const auto quantiles = [&](const std::string& levels, const std::string& thresholds) {
        return calibrated("{\"volume_quantiles\": {\"levels\": " + levels +
                          ", \"thresholds\": " + thresholds + "}}");
    };
    const auto found = parse_model_contract(
        calibrated("{\"temperature\": 1.5, \"conditional_temperature\": 0.75, \"volume_quantiles\": "
                   "{\"levels\": [0.05, 0.5, 0.95], \"thresholds\": [0.9, 0.4, 0.0005]}}"),
        "");
    REQUIRE(found.calibration);
    CHECK(found.calibration->temperature == 1.5);
    CHECK(found.calibration->conditional_temperature == 0.75);
    CHECK(found.calibration->volume.levels == std::vector{0.05, 0.5, 0.95});
    CHECK(found.calibration->volume.thresholds == std::vector{0.9, 0.4, 0.0005});
    const auto bare = parse_model_contract(calibrated("{}"), "");
    REQUIRE(bare.calibration);
    CHECK(bare.calibration->temperature == 1);
    CHECK(bare.calibration->volume.levels.empty());
    CHECK(refusal(quantiles("[0.05, 0.95]", "[1, 0]")) == "accepted");
    CHECK(refusal(quantiles("[0.05, 0.9499999999999]", "[0.5, 0.5]")) == "accepted");

    CHECK(refusal(calibrated("3")).find("calibration = 3 where an object") != std::string::npos);
    CHECK(refusal(calibrated("{\"temperature\": 0}")).find("calibration.temperature") != std::string::npos);
    const auto levels = [&](const std::string& values, const std::string& thresholds) {
        return refusal(quantiles(values, thresholds)).find("volume_quantiles.levels") != std::string::npos;
    };
    CHECK(levels("[]", "[]"));
    CHECK(levels("[0.05]", "[0.5]"));
    CHECK(levels("[0.1, 0.95]", "[0.5, 0.4]"));
    CHECK(levels("[0.05, 0.9]", "[0.5, 0.4]"));
    CHECK(levels("[0, 0.95]", "[0.5, 0.4]"));
    CHECK(levels("[0.05, 0.95, 0.95]", "[0.5, 0.4, 0.3]"));
    CHECK(levels("[0.05, \"x\", 0.95]", "[0.5, 0.4, 0.3]"));
    CHECK(levels("\"none\"", "[0.5, 0.4]"));
    const auto thresholds = [&](const std::string& values) {
        return refusal(quantiles("[0.05, 0.95]", values)).find("volume_quantiles.thresholds") !=
               std::string::npos;
    };
    CHECK(thresholds("[0.5]"));
    CHECK(thresholds("[0.4, 0.5]"));
    CHECK(thresholds("[1.5, 0.5]"));
    CHECK(thresholds("[0.5, -0.1]"));
    CHECK(thresholds("[0.5, null]"));
}

TEST_CASE("parse_model_contract knows a window by its name as well") {
    const auto named =
        parse_model_contract(with("\"channels\"", "\"normalisation\": \"window\", \"channels\""), "");
    CHECK(named == parse_model_contract(whole, ""));
}

TEST_CASE("parse_model_contract: a stack of slices on cells of its own takes the place of the long edge") {
    const std::string stack = R"("pixel_mm": 2, "slice_mm": 3.0, "neighbours_mm": [-6])";
    const auto contract = parse_model_contract(with(R"("long_edge": 320)", stack), "some.pt");
    REQUIRE(contract.stack);
    CHECK(*contract.stack == slice_stack_input{2, 3, {-6}});
    CHECK(!parse_model_contract(whole, "some.pt").stack);
    const auto refused = [&](const std::string& from, const std::string& to) {
        auto text = with(R"("long_edge": 320)", stack);
        return refusal(text.replace(text.find(from), from.size(), to));
    };
    CHECK(refused("[-6]", "[-6, 0]").find("list of 1 numbers") != std::string::npos);
    CHECK(refused("[-6]", "[5000]").find("beyond a metre") != std::string::npos);
    CHECK(refused("\"slice_mm\": 3.0, ", "").find("input.slice_mm") != std::string::npos);
    CHECK(refused("\"pixel_mm\": 2", "\"pixel_mm\": 0").find("0.1 to 100 mm") != std::string::npos);
}
