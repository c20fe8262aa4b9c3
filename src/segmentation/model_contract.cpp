#include <groundglass/error.hpp>
#include <groundglass/segmentation/model_contract.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

namespace groundglass::segmentation {
namespace {

using nlohmann::json;

constexpr std::size_t largest_edge = 4096;
constexpr std::size_t most_planes = 64;

class reader {
public:
    reader(const json& object, const std::string& where) : object_(object), where_(where) {}

    [[noreturn]] void fail(const std::string& what) const {
        throw model_error(where_ + ": the model's contract (groundglass.json) " + what +
                          "; export the model again with groundglass, or take one that ships with it");
    }

    [[nodiscard]] const json& at(const char* group, const char* key) const {
        const json* found = &object_;
        for (const char* part : {group, key}) {
            if (part == nullptr) continue;
            if (!found->is_object() || !found->contains(part)) fail("has no " + name(group, key));
            found = &(*found)[part];
        }
        return *found;
    }

    [[nodiscard]] std::string text(const char* group, const char* key) const {
        const json& value = at(group, key);
        if (!value.is_string() || value.get_ref<const std::string&>().empty())
            fail("has " + name(group, key) + " = " + shown(value) + " where a text belongs");
        return value.get<std::string>();
    }

    [[nodiscard]] std::size_t count(const char* group, const char* key, std::size_t most) const {
        const json& value = at(group, key);
        if (!value.is_number_unsigned() || value.get<std::size_t>() < 1 || value.get<std::size_t>() > most)
            fail("has " + name(group, key) + " = " + shown(value) + " where a whole number from 1 to " +
                 std::to_string(most) + " belongs");
        return value.get<std::size_t>();
    }

    [[nodiscard]] value_range range(const char* group, const char* key) const {
        const json& value = at(group, key);
        if (value.is_array() && value.size() == 2 && value[0].is_number() && value[1].is_number()) {
            const value_range result{value[0].get<double>(), value[1].get<double>()};
            if (std::isfinite(result.low) && std::isfinite(result.high) && result.low < result.high)
                return result;
        }
        fail("has " + name(group, key) + " = " + shown(value) + " where [low, high] with low < high belongs");
    }

    [[nodiscard]] double number_or(const char* group, const char* key, double otherwise) const {
        if (!at(nullptr, group).contains(key)) return otherwise;
        const json& value = at(group, key);
        if (!value.is_number() || !std::isfinite(value.get<double>()))
            fail("has " + name(group, key) + " = " + shown(value) + " where a number belongs");
        return value.get<double>();
    }

    [[nodiscard]] std::vector<std::string> classes() const {
        const json& value = at("output", "classes");
        std::vector<std::string> result;
        if (value.is_array() && value.size() <= most_planes)
            for (const auto& item : value)
                if (item.is_string()) result.push_back(item.get<std::string>());
        auto sorted = result;
        std::sort(sorted.begin(), sorted.end());
        const bool unique = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
        if (result.empty() || result.size() != value.size() || !unique)
            fail("has output.classes = " + shown(value) + " where a list of different names belongs");
        return result;
    }

private:
    [[nodiscard]] static std::string name(const char* group, const char* key) {
        return group == nullptr ? key : std::string(group) + "." + key;
    }
    [[nodiscard]] static std::string shown(const json& value) {
        const auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
        return text.size() > 60 ? text.substr(0, 60) + "..." : text;
    }

    const json& object_;
    const std::string& where_;
};

} // namespace

model_contract parse_model_contract(std::string_view text, const std::string& where) {
    const auto object = json::parse(text.begin(), text.end(), nullptr, false);
    const reader read(object, where);
    if (!object.is_object()) read.fail("is not a JSON object");
    if (const auto format = read.text(nullptr, "format"); format != "groundglass-model")
        read.fail("has the format '" + format + "' where 'groundglass-model' belongs");
    if (const auto version = read.count(nullptr, "format_version", 1'000'000); version != 1)
        throw model_error(
            where + ": the model's contract has format_version " + std::to_string(version) +
            ", and this groundglass reads version 1; update groundglass or take a model made for it");
    if (const auto kind = read.text("output", "kind"); kind != "probability")
        read.fail("has output.kind = '" + kind + "' where 'probability' belongs");

    model_contract result;
    result.name = read.text(nullptr, "name");
    result.version = read.text(nullptr, "version");
    result.channels = read.count("input", "channels", most_planes);
    result.long_edge = read.count("input", "long_edge", largest_edge);
    result.multiple_of = read.count("input", "multiple_of", largest_edge);
    result.window_hu = read.range("input", "window_hu");
    result.range = read.range("input", "range");
    result.padding = read.number_or("input", "padding", result.range.low);
    result.classes = read.classes();
    result.training_data = read.text(nullptr, "training_data");
    result.licence = read.text(nullptr, "licence");
    result.origin = read.text(nullptr, "origin");
    return result;
}

} // namespace groundglass::segmentation
