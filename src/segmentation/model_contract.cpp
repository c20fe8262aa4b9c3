#include <groundglass/error.hpp>
#include <groundglass/segmentation/model_contract.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace groundglass::segmentation {
namespace {

using nlohmann::json;

constexpr std::size_t largest_edge = 4096;
constexpr std::size_t most_planes = 64;
constexpr std::array normalisations{normalisation::window, normalisation::imagenet_rgb,
                                    normalisation::imagenet_bgr_with_infection,
                                    normalisation::percentile_z_score};
constexpr double least_mm = 0.1;
constexpr double most_mm = 100;
constexpr double most_neighbour_mm = 1000;
/// A map of one byte a voxel holds them with one bit to spare.
constexpr std::size_t most_levels = 127;

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

    [[nodiscard]] std::vector<double> numbers(const char* group, const char* key, std::size_t count,
                                              double least) const {
        const json& value = at(group, key);
        std::vector<double> result;
        if (value.is_array())
            for (const auto& item : value)
                if (item.is_number() && std::isfinite(item.get<double>()) && item.get<double>() > least)
                    result.push_back(item.get<double>());
        if (result.size() != count || value.size() != count)
            fail("has " + name(group, key) + " = " + shown(value) + " where a list of " +
                 std::to_string(count) + (least == 0 ? " positive" : "") + " numbers belongs");
        return result;
    }

    [[nodiscard]] image_size size(const char* group, const char* key, std::size_t most) const {
        const json& value = at(group, key);
        const auto edge = [&](std::size_t i) {
            return value[i].is_number_unsigned() && value[i].get<std::size_t>() >= 1 &&
                   value[i].get<std::size_t>() <= most;
        };
        if (!value.is_array() || value.size() != 2 || !edge(0) || !edge(1))
            fail("has " + name(group, key) + " = " + shown(value) + " where [height, width] from 1 to " +
                 std::to_string(most) + " belongs");
        return {value[0].get<std::size_t>(), value[1].get<std::size_t>()};
    }

    /// Nothing where the contract has no `pixel_mm`.
    [[nodiscard]] std::optional<slice_stack_input> stack(std::size_t channels) const {
        if (!at(nullptr, "input").contains("pixel_mm")) return std::nullopt;
        const auto length = [&](const char* key) {
            const double found = number_or("input", key, 0);
            if (!(found >= least_mm && found <= most_mm))
                fail("has " + name("input", key) + " = " + std::to_string(found) +
                     " where a length from 0.1 to 100 mm belongs");
            return found;
        };
        slice_stack_input result{length("pixel_mm"), length("slice_mm"),
                                 numbers("input", "neighbours_mm", channels, -most_neighbour_mm)};
        if (!std::all_of(result.neighbours_mm.begin(), result.neighbours_mm.end(),
                         [](double mm) { return mm < most_neighbour_mm; }))
            fail("has input.neighbours_mm beyond a metre");
        return result;
    }

    /// Without an entry, a window.
    [[nodiscard]] segmentation::normalisation normalisation() const {
        if (const json& input = at(nullptr, "input"); !input.is_object() || !input.contains("normalisation"))
            return normalisation::window;
        const auto found = text("input", "normalisation");
        std::string known;
        for (const auto value : normalisations) {
            if (found == name_of(value)) return value;
            known += (known.empty() ? "" : ", ") + std::string(name_of(value));
        }
        fail("has input.normalisation = '" + found + "', which this groundglass does not know; it knows " +
             known);
    }

    [[nodiscard]] volume_quantiles quantiles() const {
        const char* group = "calibration";
        const char* key = "volume_quantiles";
        if (!at(nullptr, group).contains(key)) return {};
        const auto list = [&](const char* name) {
            std::vector<double> result;
            if (const auto& object = at(group, key); object.is_object() && object.contains(name))
                for (const auto& item : object[name])
                    result.push_back(item.is_number() ? item.get<double>()
                                                      : std::numeric_limits<double>::quiet_NaN());
            return result;
        };
        volume_quantiles result{list("levels"), list("thresholds")};
        const auto ordered = [](const std::vector<double>& values, auto in_order) {
            return std::adjacent_find(values.begin(), values.end(),
                                      [&](double a, double b) { return !in_order(a, b); }) == values.end();
        };
        const auto& levels = result.levels;
        const auto& thresholds = result.thresholds;
        // A level written by a program may be 0.9499999999999999.
        constexpr double slack = 1e-9;
        const bool reach = levels.size() >= 2 && levels.size() <= most_levels && levels.front() > 0 &&
                           levels.back() < 1 && levels.front() <= 0.05 + slack &&
                           levels.back() >= 0.95 - slack;
        if (!reach || !ordered(levels, [](double a, double b) { return a < b; }))
            fail("has calibration.volume_quantiles.levels = " + shown(at(group, key)) +
                 " where 2 to 127 levels belong, ascending from 0.05 or less to 0.95 or more");
        if (thresholds.size() != levels.size() || !(thresholds.front() <= 1) || !(thresholds.back() >= 0) ||
            !ordered(thresholds, [](double a, double b) { return a >= b; }))
            fail("has calibration.volume_quantiles.thresholds = " + shown(at(group, key)) + " where " +
                 std::to_string(levels.size()) +
                 " thresholds from 1 to 0 belong, one a level, none greater than the one before");
        return result;
    }

    /// Nothing where the contract has no calibration.
    [[nodiscard]] std::optional<model_calibration> calibration() const {
        if (!object_.contains("calibration")) return std::nullopt;
        if (!object_["calibration"].is_object())
            fail("has calibration = " + shown(object_["calibration"]) + " where an object belongs");
        const auto temperature = [&](const char* key) {
            const auto found = number_or("calibration", key, 1);
            if (!(found > 0))
                fail(std::string("has calibration.") + key + " = " + std::to_string(found) +
                     " where a positive number belongs");
            return found;
        };
        return model_calibration{temperature("temperature"), temperature("conditional_temperature"),
                                 quantiles()};
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

void read_published(const reader& read, model_contract& result) {
    const auto planes = [&]() -> std::size_t {
        switch (result.normalisation) {
        case normalisation::imagenet_rgb:
            return 3;
        case normalisation::imagenet_bgr_with_infection:
            return 6;
        default:
            return 1;
        }
    }();
    if (result.channels != planes)
        read.fail("has input.channels = " + std::to_string(result.channels) + " where " +
                  std::string(name_of(result.normalisation)) + " has " + std::to_string(planes));
    result.size = read.size("input", "size", largest_edge);
    result.mean = read.numbers("input", "mean", planes, std::numeric_limits<double>::lowest());
    result.deviation = read.numbers("input", "std", planes, 0);
    result.padding = 0;
    if (result.normalisation != normalisation::percentile_z_score) return;
    result.clip = read.range("input", "clip");
    result.percentiles = read.range("input", "percentiles");
    if (result.percentiles.low < 0 || result.percentiles.high > 100)
        read.fail("has input.percentiles beyond 0 to 100");
}

} // namespace

std::string_view name_of(normalisation value) {
    switch (value) {
    case normalisation::window:
        return "window";
    case normalisation::imagenet_rgb:
        return "imagenet_rgb";
    case normalisation::imagenet_bgr_with_infection:
        return "imagenet_bgr_with_infection";
    case normalisation::percentile_z_score:
        return "percentile_z_score";
    }
    return "unknown";
}

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
    model_contract result;
    result.normalisation = read.normalisation();
    const bool window = result.normalisation == normalisation::window;
    if (const auto kind = read.text("output", "kind"); kind == "logits" && !window)
        result.output = output_kind::logits;
    else if (kind != "probability")
        read.fail("has output.kind = '" + kind + "' where 'probability'" + (window ? "" : " or 'logits'") +
                  " belongs");
    result.name = read.text(nullptr, "name");
    result.version = read.text(nullptr, "version");
    result.channels = read.count("input", "channels", most_planes);
    result.multiple_of = read.count("input", "multiple_of", largest_edge);
    if (window) {
        result.stack = read.stack(result.channels);
        if (!result.stack) result.long_edge = read.count("input", "long_edge", largest_edge);
        result.window_hu = read.range("input", "window_hu");
        result.range = read.range("input", "range");
        result.padding = read.number_or("input", "padding", result.range.low);
    } else {
        read_published(read, result);
    }
    result.classes = read.classes();
    result.calibration = read.calibration();
    result.training_data = read.text(nullptr, "training_data");
    result.licence = read.text(nullptr, "licence");
    result.origin = read.text(nullptr, "origin");
    return result;
}

} // namespace groundglass::segmentation
