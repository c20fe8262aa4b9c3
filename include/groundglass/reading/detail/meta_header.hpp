#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/detail/header_text.hpp>
#include <groundglass/reading/detail/volume_header.hpp>
#include <groundglass/reading/meta_header.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace groundglass::reading {

namespace detail {

/// The fields of a MetaImage header up to `ElementDataFile`, and the byte behind it. A name that comes twice
/// with two values throws: which of them holds can't be told.
struct meta_fields {
    std::map<std::string, std::string_view, std::less<>> values;
    std::size_t end = 0;

    explicit meta_fields(std::string_view start) {
        while (end < start.size()) {
            const auto stop = std::min(start.find('\n', end), start.size());
            const auto line = start.substr(end, stop - end);
            end = std::min(stop + 1, start.size());
            const auto sign = line.find_first_of("=:");
            if (sign == std::string_view::npos) {
                if (trimmed(line).empty()) continue;
                throw format_error("the MetaImage header is damaged or cut off");
            }
            const auto name = trimmed(line.substr(0, sign)), value = trimmed(line.substr(sign + 1));
            const auto [at, fresh] = values.try_emplace(std::string(name.substr(0, 64)), value);
            if (!fresh && at->second != value && name != "Comment")
                throw format_error("a field of the MetaImage header comes twice with two values: it is "
                                   "damaged");
            if (name == "ElementDataFile") return;
        }
        throw format_error("the MetaImage header is damaged or cut off");
    }

    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const {
        const auto at = values.find(name);
        if (at == values.end() || at->second.empty()) return {};
        return at->second;
    }
    [[nodiscard]] std::string_view need(const char* name) const {
        if (const auto value = get(name)) return *value;
        throw format_error(std::string("the MetaImage header is damaged or cut off: it has no ") + name);
    }
    [[nodiscard]] bool yes(std::string_view name, bool otherwise = false) const {
        const auto value = get(name);
        return value ? value->find_first_of("Tt1Yy") == 0 : otherwise;
    }
    /// The first of several names of one thing; two that differ throw.
    [[nodiscard]] std::optional<std::string_view> one_of(std::initializer_list<const char*> names) const {
        std::optional<std::string_view> found;
        for (const auto* name : names) {
            const auto value = get(name);
            if (value && found && *value != *found)
                throw format_error("two fields of the MetaImage header disagree about the grid: it is "
                                   "damaged");
            if (value) found = value;
        }
        return found;
    }
};

inline number_type meta_type(std::string_view name) {
    constexpr std::pair<std::string_view, number_type> types[] = {
        {"MET_CHAR", number_type::int8},       {"MET_UCHAR", number_type::uint8},
        {"MET_SHORT", number_type::int16},     {"MET_USHORT", number_type::uint16},
        {"MET_INT", number_type::int32},       {"MET_UINT", number_type::uint32},
        {"MET_LONG", number_type::int32},      {"MET_ULONG", number_type::uint32},
        {"MET_LONG_LONG", number_type::int64}, {"MET_ULONG_LONG", number_type::uint64},
        {"MET_FLOAT", number_type::float32},   {"MET_DOUBLE", number_type::float64},
    };
    for (const auto& [known, type] : types)
        if (name == known) return type;
    throw format_error("a MetaImage of no plain number type; a CT has one number a voxel");
}

} // namespace detail

GROUNDGLASS_INLINE volume_header read_meta_header(std::string_view start) {
    using namespace detail;
    const meta_fields fields(start);
    volume_header result;

    const auto dimensions = number_of<std::uint64_t>(fields.need("NDims"), "NDims");
    if (dimensions < 1 || dimensions > 10) throw format_error("the MetaImage header claims too many axes");
    const auto n = static_cast<std::size_t>(dimensions);
    const auto sizes = numbers_of<std::uint64_t>(fields.need("DimSize"), n, "DimSize");
    if (const auto channels = fields.get("ElementNumberOfChannels"))
        if (const auto count = number_of<std::uint64_t>(*channels, "ElementNumberOfChannels"); count != 1)
            refuse_channels(count);
    if (n < 3 || std::any_of(sizes.begin() + 3, sizes.end(), [](auto size) { return size != 1; }))
        refuse_dimensions(sizes);
    result.type = meta_type(fields.need("ElementType"));
    result.big_endian =
        fields.yes(fields.get("ElementByteOrderMSB") ? "ElementByteOrderMSB" : "BinaryDataByteOrderMSB");
    if (!fields.yes("BinaryData", true))
        throw format_error("a MetaImage whose voxels are text; save it again as binary .mha");

    const auto spacing_text =
        fields.get("ElementSpacing") ? fields.get("ElementSpacing") : fields.get("ElementSize");
    if (!spacing_text)
        throw format_error("the MetaImage header has no ElementSpacing, so volumes in ml can't be computed; "
                           "add it");
    const auto spacing = numbers_of<double>(*spacing_text, n, "ElementSpacing");
    volume::vector3 origin{};
    if (const auto text = fields.one_of({"Offset", "Position", "Origin"})) {
        const auto numbers = numbers_of<double>(*text, n, "Offset");
        std::copy_n(numbers.begin(), 3, origin.begin());
    }
    std::array<volume::vector3, 3> steps{{{spacing[0], 0, 0}, {0, spacing[1], 0}, {0, 0, spacing[2]}}};
    if (const auto text = fields.one_of({"TransformMatrix", "Rotation", "Orientation"})) {
        const auto matrix = numbers_of<double>(*text, n * n, "TransformMatrix");
        for (std::size_t axis = 0; axis < 3; ++axis) {
            double square = 0;
            for (std::size_t i = 0; i < 3; ++i) {
                steps[axis][i] = spacing[axis] * matrix[axis * n + i];
                square += matrix[axis * n + i] * matrix[axis * n + i];
            }
            if (!(std::abs(std::sqrt(square) - 1) < 0.01))
                throw format_error("TransformMatrix does not hold unit vectors: the MetaImage header is "
                                   "damaged");
            // Cosines of few decimals don't change the spacing.
            for (double& component : steps[axis]) component /= std::sqrt(square);
        }
    } else {
        assume_orientation(result);
    }
    for (std::size_t axis = 0; axis < 3; ++axis)
        if (!(spacing[axis] > 0))
            throw format_error("ElementSpacing is not positive, so volumes in ml can't be computed; correct "
                               "it in the header");
    const auto rescale = [&](const char* name, double otherwise) {
        const auto text = fields.get(name);
        const double value = text ? number_of<double>(*text, name) : otherwise;
        if (!std::isfinite(value)) throw format_error("the MetaImage header's rescale is not a number");
        return value;
    };
    result.slope = rescale("ElementToIntensityFunctionSlope", 1);
    result.intercept = rescale("ElementToIntensityFunctionOffset", 0);
    if (result.slope == 0) throw format_error("the MetaImage header's rescale has a slope of 0");

    const auto file = fields.need("ElementDataFile");
    const bool local = lower(file) == "local";
    if (!local) result.data_file = plain_name(file);
    result.offset = local ? fields.end : 0;
    result.deflated = fields.yes("CompressedData");
    if (const auto text = fields.get("HeaderSize")) {
        const auto skipped = number_of<std::int64_t>(*text, "HeaderSize");
        if (skipped < -1 || (skipped == -1 && result.deflated))
            throw format_error("its HeaderSize is no place where voxels begin: the MetaImage header is "
                               "damaged");
        if (skipped == -1) result.at_end = true;
        if (skipped > 0) result.offset = static_cast<std::uint64_t>(skipped);
    }
    result.grid = grid_of_steps({sizes[0], sizes[1], sizes[2]}, steps, origin);
    settle_grid(result);
    return result;
}

} // namespace groundglass::reading
