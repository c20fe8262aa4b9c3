#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/ct_grid.hpp>
#include <groundglass/reading/orientation.hpp>
#include <groundglass/reading/wording.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <string>

namespace groundglass::reading {

GROUNDGLASS_INLINE double shear_degrees(const volume::geometry& grid) {
    double cosine = 0;
    for (std::size_t i = 0; i < 3; ++i)
        cosine = std::max(cosine, std::abs(volume::dot(grid.direction[i], grid.direction[(i + 1) % 3])));
    return std::asin(std::min(1.0, cosine)) * 180 / std::numbers::pi;
}

GROUNDGLASS_INLINE void check_ct_grid(const volume::geometry& grid) {
    const auto three = [](auto text) { return text(0) + " x " + text(1) + " x " + text(2); };
    std::size_t size = 1;
    for (std::size_t i = 0; i < 3; ++i) {
        if (grid.shape[i] == 0 || size > most_voxels / grid.shape[i])
            throw format_error("a volume of " +
                               three([&](std::size_t k) { return std::to_string(grid.shape[k]); }) +
                               " voxels is claimed, which no chest CT has; the header is damaged");
        size *= grid.shape[i];
    }
    const auto significant = [&](std::size_t i) {
        char text[32];
        std::snprintf(text, sizeof text, "%.4g", grid.spacing_mm[i]);
        return std::string(text);
    };
    for (std::size_t i = 0; i < 3; ++i) {
        const double spacing = grid.spacing_mm[i];
        if (!(spacing > 0) || !std::isfinite(spacing) || !std::isfinite(grid.origin_mm[i]))
            throw format_error(
                "spacing or origin of the volume is not a positive, finite number; the header is damaged");
        if (!(spacing >= least_spacing_mm && spacing <= most_spacing_mm) ||
            spacing * static_cast<double>(grid.shape[i]) > most_extent_mm)
            throw format_error("voxels lie " + three(significant) + " mm apart and there are " +
                               three([&](std::size_t k) { return std::to_string(grid.shape[k]); }) +
                               ", which no chest CT has (0.05 to 50 mm, at most 3 m along an axis); correct "
                               "the spacing in the header");
    }
    if (!(grid.voxel_ml() > 0))
        throw format_error("the volume's axes do not span a space; the header is damaged");
    const auto axial = to_axial(grid, axial_order_of(grid));
    const auto degrees = [](double cosine) {
        return decimal(std::acos(std::clamp(cosine, -1.0, 1.0)) * 180 / std::numbers::pi, 1);
    };
    const double in_slice = volume::dot(axial.direction[1], axial.direction[2]);
    if (!(std::abs(in_slice) <= most_cosine_in_slice))
        throw format_error("the volume's axes are sheared: rows and columns of its axial slices stand at " +
                           degrees(std::abs(in_slice)) +
                           "° to each other; resample it to perpendicular axes first");
    if (!(axial.tilt_degrees() <= most_tilt_degrees))
        throw format_error("the volume's axes are sheared: its slices are tilted by " +
                           decimal(axial.tilt_degrees(), 1) +
                           "°, more than a gantry can; resample it to perpendicular axes first");
}

} // namespace groundglass::reading
