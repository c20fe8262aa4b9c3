#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/detail/header_text.hpp>
#include <groundglass/reading/detail/volume_header.hpp>
#include <groundglass/reading/nrrd_header.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::reading {

namespace detail {

/// Fields of NRRD by their names, without blanks and in small letters; the format knows no others.
inline constexpr std::string_view nrrd_names[] = {
    "content",        "number",      "type",       "blocksize",       "dimension",   "space",
    "spacedimension", "sizes",       "spacings",   "thicknesses",     "axismins",    "axismaxs",
    "centers",        "centerings",  "labels",     "units",           "min",         "max",
    "oldmin",         "oldmax",      "endian",     "encoding",        "lineskip",    "byteskip",
    "kinds",          "sampleunits", "spaceunits", "spacedirections", "spaceorigin", "measurementframe",
    "datafile",
};

struct nrrd_fields {
    std::map<std::string, std::string_view, std::less<>> values;
    /// The byte behind the blank line; nothing where the text ends without one.
    std::optional<std::size_t> end;

    explicit nrrd_fields(std::string_view start) {
        std::size_t at = 0, number = 0;
        while (at < start.size()) {
            const auto stop = start.find('\n', at);
            auto line = start.substr(at, std::min(stop, start.size()) - at);
            at = stop == std::string_view::npos ? start.size() : stop + 1;
            ++number;
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (line.empty()) {
                end = at;
                return;
            }
            if (number == 1 || line.front() == '#') continue; // the magic number, and comments
            if (take(line, number)) continue;
            if (line.find(":=") != std::string_view::npos)
                continue; // a key with its value, which says nothing of the grid
            throw format_error("line " + std::to_string(number) +
                               " of the NRRD header is no field that NRRD knows: it is damaged or cut off");
        }
    }

    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const {
        const auto at = values.find(name);
        if (at == values.end() || at->second.empty()) return {};
        return at->second;
    }
    [[nodiscard]] std::string_view need(const char* name) const {
        if (const auto value = get(name)) return *value;
        throw format_error(std::string("the NRRD header is damaged or cut off: it has no ") + name);
    }

private:
    bool take(std::string_view line, std::size_t number) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || (colon + 1 < line.size() && line[colon + 1] == '='))
            return false;
        if (colon > 64) return false;
        auto name = lower(trimmed(line.substr(0, colon)));
        std::erase(name, ' ');
        if (name == "centerings") name = "centers";
        if (std::find(std::begin(nrrd_names), std::end(nrrd_names), name) == std::end(nrrd_names))
            return false;
        if (!values.try_emplace(name, trimmed(line.substr(colon + 1))).second)
            throw format_error("line " + std::to_string(number) +
                               " of the NRRD header gives a field for the second time: it is damaged");
        return true;
    }
};

inline number_type nrrd_type(std::string_view name) {
    constexpr std::pair<std::string_view, number_type> types[] = {
        {"signed char", number_type::int8},
        {"int8", number_type::int8},
        {"int8_t", number_type::int8},
        {"uchar", number_type::uint8},
        {"unsigned char", number_type::uint8},
        {"uint8", number_type::uint8},
        {"uint8_t", number_type::uint8},
        {"short", number_type::int16},
        {"short int", number_type::int16},
        {"signed short", number_type::int16},
        {"signed short int", number_type::int16},
        {"int16", number_type::int16},
        {"int16_t", number_type::int16},
        {"ushort", number_type::uint16},
        {"unsigned short", number_type::uint16},
        {"unsigned short int", number_type::uint16},
        {"uint16", number_type::uint16},
        {"uint16_t", number_type::uint16},
        {"int", number_type::int32},
        {"signed int", number_type::int32},
        {"int32", number_type::int32},
        {"int32_t", number_type::int32},
        {"uint", number_type::uint32},
        {"unsigned int", number_type::uint32},
        {"uint32", number_type::uint32},
        {"uint32_t", number_type::uint32},
        {"longlong", number_type::int64},
        {"long long", number_type::int64},
        {"long long int", number_type::int64},
        {"signed long long", number_type::int64},
        {"signed long long int", number_type::int64},
        {"int64", number_type::int64},
        {"int64_t", number_type::int64},
        {"ulonglong", number_type::uint64},
        {"unsigned long long", number_type::uint64},
        {"unsigned long long int", number_type::uint64},
        {"uint64", number_type::uint64},
        {"uint64_t", number_type::uint64},
        {"float", number_type::float32},
        {"double", number_type::float64},
    };
    const auto wanted = lower(name);
    for (const auto& [known, type] : types)
        if (wanted == known) return type;
    throw format_error("an NRRD image of no plain number type; a CT has one number a voxel");
}

/// `(1,0,0) none (0, 1, 0)`: a vector for each axis, nothing for `none` and for vectors of NaN.
inline std::vector<std::optional<std::vector<double>>>
nrrd_vectors(std::string_view text, std::size_t components, std::size_t most, const char* field) {
    const auto damaged = [&] {
        return format_error(std::string("its field '") + field +
                            "' holds no vectors as NRRD writes them: the header is damaged");
    };
    std::vector<std::optional<std::vector<double>>> result;
    for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
        if (result.size() == most) throw damaged();
        if (lower(text.substr(0, 4)) == "none") {
            result.emplace_back();
            text.remove_prefix(4);
            continue;
        }
        const auto close = text.find(')');
        if (text.front() != '(' || close == std::string_view::npos) throw damaged();
        auto inner = text.substr(1, close - 1);
        text.remove_prefix(close + 1);
        std::vector<double> vector;
        for (bool more = true; more;) {
            if (vector.size() == components) throw damaged();
            const auto comma = inner.find(',');
            more = comma != std::string_view::npos;
            vector.push_back(number_of<double>(inner.substr(0, comma), field));
            if (more) inner.remove_prefix(comma + 1);
        }
        if (vector.size() != components) throw damaged();
        const bool none = std::all_of(vector.begin(), vector.end(), [](double x) { return std::isnan(x); });
        result.push_back(none ? std::optional<std::vector<double>>{} : vector);
    }
    return result;
}

/// How the components of a space become those of LPS, or nothing where the space is not the patient's.
/// `dimension` is set where the name tells it.
inline std::optional<volume::vector3> nrrd_space(std::string_view name, std::size_t& dimension) {
    auto space = lower(name);
    dimension = 3;
    for (const std::string_view time : {"-time", "t"}) {
        const bool named =
            space.size() > time.size() && space.ends_with(time) && (time == "-time" || space.size() == 4);
        if (!named) continue;
        space.resize(space.size() - time.size());
        dimension = 4;
        break;
    }
    if (space == "left-posterior-superior" || space == "lps") return volume::vector3{1, 1, 1};
    if (space == "right-anterior-superior" || space == "ras") return volume::vector3{-1, -1, 1};
    if (space == "left-anterior-superior" || space == "las") return volume::vector3{1, -1, 1};
    for (const std::string_view other : {"scanner-xyz", "3d-right-handed", "3d-left-handed"})
        if (space == other) return {};
    throw format_error("the NRRD header names a space that NRRD does not know: it is damaged");
}

/// Millimetres of the units of length in quotes, `"mm" "mm" "mm"`, one for each of `count` axes. Units that
/// are absent or unknown are mm, as programs write them.
inline std::vector<double> nrrd_units(std::optional<std::string_view> text, std::size_t count) {
    std::vector<double> result(count, 1);
    for (std::size_t axis = 0; text && axis < count; ++axis) {
        const auto open = text->find('"');
        const auto close = open == std::string_view::npos ? open : text->find('"', open + 1);
        if (close == std::string_view::npos) break;
        const auto unit = trimmed(text->substr(open + 1, close - open - 1));
        if (unit == "m") result[axis] = 1000;
        if (unit == "cm") result[axis] = 10;
        if (unit == "um" || unit == "\xc2\xb5m" || unit == "micron") result[axis] = 0.001;
        text->remove_prefix(close + 1);
    }
    return result;
}

/// The three axes of the file that span space, and their steps and origin, in LPS and mm.
struct nrrd_grid {
    std::array<std::uint64_t, 3> sizes{};
    std::array<volume::vector3, 3> steps{};
    volume::vector3 origin{};
};

/// The axes that span space: those with a direction, or, without directions, those whose kind is none of
/// values. All others must have one entry.
inline std::vector<std::size_t>
nrrd_spatial_axes(const nrrd_fields& fields, const std::vector<std::uint64_t>& sizes,
                  const std::vector<std::optional<std::vector<double>>>& directions) {
    std::vector<std::size_t> axes;
    std::vector<std::string_view> kinds;
    if (const auto text = fields.get("kinds")) kinds = words_of(*text, sizes.size(), "kinds");
    if (!kinds.empty() && kinds.size() != sizes.size())
        throw format_error("its field 'kinds' holds another number of values than the image has axes: the "
                           "header is damaged");
    std::uint64_t channels = 1;
    for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
        bool spatial = true;
        if (!directions.empty()) {
            spatial = directions[axis].has_value();
        } else if (!kinds.empty()) {
            const auto kind = lower(kinds[axis]);
            spatial =
                kind == "domain" || kind == "space" || kind == "time" || kind == "none" || kind == "???";
        }
        if (spatial)
            axes.push_back(axis);
        else if (sizes[axis] != 1)
            channels = sizes[axis];
    }
    if (channels != 1) refuse_channels(channels);
    while (axes.size() > 3 && sizes[axes.back()] == 1) axes.pop_back();
    if (axes.size() != 3) {
        std::vector<std::uint64_t> found;
        found.reserve(axes.size());
        for (const auto axis : axes) found.push_back(sizes[axis]);
        refuse_dimensions(found);
    }
    return axes;
}

inline nrrd_grid nrrd_grid_of(const nrrd_fields& fields, const std::vector<std::uint64_t>& sizes,
                              volume_header& result) {
    std::size_t dimension = 0;
    std::optional<volume::vector3> to_lps;
    if (const auto space = fields.get("space")) to_lps = nrrd_space(*space, dimension);
    if (const auto text = fields.get("spacedimension")) {
        const auto given = number_of<std::uint64_t>(*text, "space dimension");
        if (given < 1 || given > 8 || (dimension != 0 && given != dimension))
            throw format_error("its field 'space dimension' is no number of axes of a space: the NRRD header "
                               "is damaged");
        dimension = static_cast<std::size_t>(given);
    }
    std::vector<std::optional<std::vector<double>>> directions;
    if (const auto text = fields.get("spacedirections")) {
        if (dimension < 3)
            throw format_error("the NRRD header has directions in no space of three axes: it is damaged");
        directions = nrrd_vectors(*text, dimension, sizes.size(), "space directions");
        if (directions.size() != sizes.size())
            throw format_error("its field 'space directions' holds another number of vectors than the image "
                               "has axes: the header is damaged");
    }
    const auto axes = nrrd_spatial_axes(fields, sizes, directions);

    std::vector<double> spacings, mins, maxs;
    if (const auto text = fields.get("spacings"))
        spacings = numbers_of<double>(*text, sizes.size(), "spacings");
    if (const auto text = fields.get("axismins")) mins = numbers_of<double>(*text, sizes.size(), "axis mins");
    if (const auto text = fields.get("axismaxs")) maxs = numbers_of<double>(*text, sizes.size(), "axis maxs");

    nrrd_grid grid;
    for (std::size_t i = 0; i < 3; ++i) grid.sizes[i] = sizes[axes[i]];
    if (!directions.empty()) {
        const auto unit = nrrd_units(fields.get("spaceunits"), dimension);
        const auto flip = to_lps.value_or(volume::vector3{1, 1, 1});
        for (std::size_t i = 0; i < 3; ++i) {
            const auto& vector = *directions[axes[i]];
            for (std::size_t k = 3; k < vector.size(); ++k)
                if (vector[k] != 0)
                    throw format_error("an axis of the image runs through time; save one volume");
            for (std::size_t k = 0; k < 3; ++k) grid.steps[i][k] = unit[k] * flip[k] * vector[k] + 0.0;
            const double length = std::sqrt(volume::dot(grid.steps[i], grid.steps[i]));
            if (!spacings.empty() && !std::isnan(spacings[axes[i]]) &&
                !(std::abs(spacings[axes[i]] - length) <= 0.001 * length))
                throw format_error("'spacings' and 'space directions' of the NRRD header disagree: it is "
                                   "damaged");
        }
        if (const auto text = fields.get("spaceorigin")) {
            const auto origins = nrrd_vectors(*text, dimension, 1, "space origin");
            if (!origins.empty() && origins[0])
                for (std::size_t k = 0; k < 3; ++k)
                    grid.origin[k] = unit[k] * flip[k] * (*origins[0])[k] + 0.0;
        }
        if (!to_lps) assume_orientation(result);
        return grid;
    }

    // No directions: distances along the axes alone.
    assume_orientation(result);
    const auto unit = nrrd_units(fields.get("units"), sizes.size());
    std::vector<std::string_view> centers;
    if (const auto text = fields.get("centers")) centers = words_of(*text, sizes.size(), "centers");
    for (std::size_t i = 0; i < 3; ++i) {
        const auto axis = axes[i];
        const bool node = axis < centers.size() && lower(centers[axis]) == "node";
        const double steps = static_cast<double>(sizes[axis]) - (node ? 1 : 0);
        double spacing = spacings.empty() ? std::numeric_limits<double>::quiet_NaN() : spacings[axis];
        const bool spanned = !mins.empty() && !maxs.empty() && steps > 0;
        if (std::isnan(spacing) && spanned) spacing = (maxs[axis] - mins[axis]) / steps;
        if (!(spacing > 0))
            throw format_error("the NRRD header has no positive distance of voxels along each axis, so "
                               "volumes in ml can't be computed; add 'space directions' or 'spacings'");
        grid.steps[i][i] = unit[axis] * spacing;
        if (!mins.empty() && !std::isnan(mins[axis]))
            grid.origin[i] = unit[axis] * (mins[axis] + (node ? 0 : spacing / 2));
    }
    return grid;
}

} // namespace detail

GROUNDGLASS_INLINE volume_header read_nrrd_header(std::string_view start) {
    using namespace detail;
    const nrrd_fields fields(start);
    volume_header result;

    const auto dimensions = number_of<std::uint64_t>(fields.need("dimension"), "dimension");
    if (dimensions < 1 || dimensions > 16) throw format_error("the NRRD header claims too many axes");
    const auto sizes =
        numbers_of<std::uint64_t>(fields.need("sizes"), static_cast<std::size_t>(dimensions), "sizes");
    if (sizes.size() < 3) refuse_dimensions(sizes);
    result.type = nrrd_type(fields.need("type"));
    const auto encoding = lower(fields.need("encoding"));
    result.deflated = encoding == "gzip" || encoding == "gz";
    if (!result.deflated && encoding != "raw")
        throw format_error("an NRRD whose encoding is neither raw nor gzip; save it again as one of these");
    const auto endian = lower(fields.get("endian").value_or("little"));
    if ((endian != "little" && endian != "big") || (size_of(result.type) > 1 && !fields.get("endian")))
        throw format_error("the NRRD header does not say the order of bytes; add 'endian: little' or "
                           "'endian: big'");
    result.big_endian = endian == "big";

    if (const auto file = fields.get("datafile"))
        result.data_file = plain_name(*file);
    else if (!fields.end)
        throw format_error("the NRRD header is damaged or cut off: no blank line ends it");
    else
        result.offset = *fields.end;
    if (const auto lines = fields.get("lineskip"))
        if (number_of<std::int64_t>(*lines, "line skip") != 0)
            throw format_error("an NRRD that skips lines of its data file; save it again without");
    if (const auto bytes = fields.get("byteskip")) {
        const auto skipped = number_of<std::int64_t>(*bytes, "byte skip");
        if (skipped < -1 || (skipped == -1 && result.deflated))
            throw format_error("its 'byte skip' is no place where voxels begin: the NRRD header is damaged");
        result.at_end = skipped == -1;
        if (skipped > 0)
            (result.deflated ? result.skip : result.offset) += static_cast<std::uint64_t>(skipped);
    }
    const auto grid = nrrd_grid_of(fields, sizes, result);
    result.grid = grid_of_steps(grid.sizes, grid.steps, grid.origin);
    settle_grid(result);
    return result;
}

} // namespace groundglass::reading
