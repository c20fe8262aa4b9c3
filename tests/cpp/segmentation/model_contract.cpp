#include <groundglass/error.hpp>
#include <groundglass/segmentation/model_contract.hpp>

#include <doctest/doctest.h>

#include <string>

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
