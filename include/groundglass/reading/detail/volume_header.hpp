#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/ct_grid.hpp>
#include <groundglass/reading/volume_header.hpp>
#include <groundglass/reading/wording.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace groundglass::reading {

namespace detail {

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

GROUNDGLASS_INLINE void fit_to_length(volume_header& header, std::uint64_t length) {
    const auto claimed = header.voxel_bytes();
    if (header.at_end && length >= claimed) header.offset = length - claimed;
    const auto held = length > header.offset ? length - header.offset : 0;
    const auto needed = claimed + header.skip;
    if (header.deflated ? needed / most_deflate > held : needed > held)
        throw format_error("the header claims " + decimal(static_cast<double>(claimed) / 1e6, 1) +
                           " MB of voxels, which the file of " +
                           decimal(static_cast<double>(length) / 1e6, 1) +
                           " MB can't hold: it is cut off or damaged, copy it again");
}

} // namespace groundglass::reading
