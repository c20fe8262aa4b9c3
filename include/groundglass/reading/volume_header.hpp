#pragma once

#include <groundglass/note.hpp>
#include <groundglass/reading/ct_grid.hpp>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace groundglass::reading {

/// How a voxel is stored.
enum class number_type : std::uint8_t {
    int8,
    uint8,
    int16,
    uint16,
    int32,
    uint32,
    int64,
    uint64,
    float32,
    float64
};

/// Bytes of one voxel.
[[nodiscard]] constexpr std::size_t size_of(number_type type) {
    constexpr std::size_t sizes[] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
    return sizes[static_cast<std::size_t>(type)];
}

/// The longest header that is read; a Slicer segmentation of a hundred segments has 50 kB.
inline constexpr std::size_t longest_header = std::size_t{1} << 20;
/// What deflate can shrink by at the most.
inline constexpr std::uint64_t most_deflate = 1032;

/// What the header of a volume file says, checked. No library sees a header before this.
struct volume_header {
    /// Axes in the order of the file, from the slowest to the fastest, in LPS.
    volume::geometry grid;
    number_type type = number_type::int16;
    bool big_endian = false;
    /// Values are `slope * stored + intercept`.
    double slope = 1;
    double intercept = 0;

    /// Name, without a folder, of the file beside the header that holds the voxels; empty where the header's
    /// own file holds them, or where `pair` is set.
    std::string data_file;
    /// NIfTI `.hdr` whose voxels are in the `.img` of the same name.
    bool pair = false;
    /// Byte of the data file where the voxels begin, or where the compressed stream begins.
    std::uint64_t offset = 0;
    /// Whether a zlib or gzip stream begins there.
    bool deflated = false;
    /// Bytes of the inflated stream before the voxels.
    std::uint64_t skip = 0;
    /// The voxels are the last bytes of the data file, whatever `offset` says.
    bool at_end = false;

    /// What a reader must know: `orientation_assumed`, `forms_disagree`, `sheared_axes`.
    notes remarks;

    /// Says that the whole data file is compressed, as a `.nii.gz` is.
    void inflate_all() {
        deflated = true;
        skip = std::exchange(offset, 0);
    }

    /// Bytes of all voxels. No overflow: the grid has been checked.
    [[nodiscard]] std::uint64_t voxel_bytes() const { return grid.size() * size_of(type); }
};

/// Sets `offset` for voxels at the end, and throws `format_error` where a data file of `length` bytes can't
/// hold what the header claims: before any memory is taken for it.
inline void fit_to_length(volume_header& header, std::uint64_t length) {
    const auto claimed = header.voxel_bytes();
    if (header.at_end && length >= claimed) header.offset = length - claimed;
    const auto held = length > header.offset ? length - header.offset : 0;
    const auto needed = claimed + header.skip;
    if (header.deflated ? needed / most_deflate > held : needed > held)
        throw format_error("the header claims " + detail::decimal(static_cast<double>(claimed) / 1e6, 1) +
                           " MB of voxels, which the file of " +
                           detail::decimal(static_cast<double>(length) / 1e6, 1) +
                           " MB can't hold: it is cut off or damaged, copy it again");
}

namespace detail {

inline std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(space);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

inline std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

/// Words between blanks; more than `most` of them throw, so that a line of a megabyte makes no million words.
inline std::vector<std::string_view> words_of(std::string_view text, std::size_t most, const char* field) {
    std::vector<std::string_view> result;
    for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
        if (result.size() == most)
            throw format_error(std::string("its field '") + field + "' holds more than " +
                               counted(most, "value") + ": the header is damaged");
        const auto end = std::min(text.find_first_of(" \t\r\n\v\f"), text.size());
        result.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return result;
}

/// The whole text as a number; throws naming the field, never its text, which may be anything.
template <class T>
T number_of(std::string_view text, const char* field) {
    text = trimmed(text);
    if (text.starts_with('+')) text.remove_prefix(1);
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        throw format_error(std::string("its field '") + field + "' holds no " +
                           (std::is_integral_v<T> ? "whole number" : "number") +
                           " where one is expected: the header is damaged");
    return value;
}

/// Exactly `count` numbers.
template <class T>
std::vector<T> numbers_of(std::string_view text, std::size_t count, const char* field) {
    std::vector<T> result;
    for (const auto word : words_of(text, count, field)) result.push_back(number_of<T>(word, field));
    if (result.size() != count)
        throw format_error(std::string("its field '") + field + "' holds " + counted(result.size(), "value") +
                           " instead of " + std::to_string(count) + ": the header is damaged");
    return result;
}

/// `512 x 512 x 40`, as far as a sentence has room.
inline std::string sizes_text(const std::vector<std::uint64_t>& sizes) {
    std::string result;
    for (std::size_t i = 0; i < sizes.size() && i < 8; ++i)
        result += (i ? " x " : "") + std::to_string(sizes[i]);
    return result + (sizes.size() > 8 ? " x ..." : "");
}

[[noreturn]] inline void refuse_dimensions(const std::vector<std::uint64_t>& sizes) {
    throw format_error("an image of " + sizes_text(sizes) +
                       " voxels; one volume of slices, rows and columns is needed");
}

[[noreturn]] inline void refuse_channels(std::uint64_t channels) {
    throw format_error(std::to_string(channels) + " values a voxel; a CT has one");
}

/// A name that a header gives to its data file: only one beside the header is taken, without a folder.
inline std::string plain_name(std::string_view name) {
    while (name.starts_with("./") || name.starts_with(".\\")) name.remove_prefix(2);
    const bool list = lower(name.substr(0, 4)) == "list" && (name.size() == 4 || name[4] == ' ');
    if (list || name.find('%') != name.npos)
        throw format_error("its voxels are spread over several files; save it as one file");
    if (name.empty() || name == "." || name == ".." || name.find_first_of("/\\") != name.npos ||
        name.find('\0') != name.npos || name.size() > 1024)
        throw format_error("the header names voxels in another folder; copy that file beside the header and "
                           "name it there without a folder");
    return std::string(name);
}

/// The grid of axes whose steps along the file's axes, from the fastest to the slowest, are LPS vectors in
/// mm.
inline volume::geometry grid_of_steps(const std::array<std::uint64_t, 3>& sizes,
                                      const std::array<volume::vector3, 3>& steps,
                                      const volume::vector3& origin) {
    volume::geometry grid;
    grid.origin_mm = origin;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto& step = steps[2 - axis];
        const double length = std::sqrt(volume::dot(step, step));
        grid.shape[axis] = static_cast<std::size_t>(sizes[2 - axis]);
        grid.spacing_mm[axis] = length;
        for (std::size_t i = 0; i < 3; ++i) grid.direction[axis][i] = step[i] / length;
    }
    return grid;
}

/// Notes that the file does not say how its axes lie in the patient, and what was taken.
inline void assume_orientation(volume_header& header, const char* taken = "LPS is assumed") {
    header.remarks.push_back({note_level::warning, "orientation_assumed",
                              "The file does not say how its axes lie in the patient: " + std::string(taken) +
                                  ", left and right can't be verified."});
}

/// The last step of every format: bounds on the grid, and a note on axes that are not perpendicular.
inline void settle_grid(volume_header& header) {
    check_ct_grid(header.grid);
    const double shear = shear_degrees(header.grid);
    // As little as positions in DICOM headers tilt a straight stack by rounding.
    if (shear > 0.1)
        header.remarks.push_back({note_level::info, "sheared_axes",
                                  "The file's axes are off a right angle by " + decimal(shear, 1) +
                                      "°, as after a gantry tilt: the grid is sheared accordingly and "
                                      "volumes are right."});
}

} // namespace detail

} // namespace groundglass::reading
