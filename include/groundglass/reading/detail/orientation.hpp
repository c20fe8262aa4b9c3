#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/orientation.hpp>
#include <groundglass/reading/wording.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace groundglass::reading {

GROUNDGLASS_INLINE axial_order axial_order_of(const volume::geometry& source) {
    // The LPS component that axial axes 0, 1, 2 run along: z, y, x.
    constexpr std::array<std::size_t, 3> component{2, 1, 0};
    std::array<std::size_t, 3> axes{0, 1, 2};
    axial_order best;
    double most = -1;
    do {
        double sum = 0;
        for (std::size_t i = 0; i < 3; ++i) sum += std::abs(source.direction[axes[i]][component[i]]);
        if (sum > most) most = sum, best.axes = axes;
    } while (std::next_permutation(axes.begin(), axes.end()));
    for (std::size_t i = 0; i < 3; ++i) {
        const double cosine = source.direction[best.axes[i]][component[i]];
        best.flipped[i] = cosine < 0;
        // cos 45°; "not" refuses NaN as well.
        if (!(std::abs(cosine) > 0.70710678118654752))
            throw format_error(
                "the volume's axes lie 45° or more off those of the body, so no slice is axial; "
                "resample it to axial slices first");
    }
    return best;
}

GROUNDGLASS_INLINE volume::geometry to_axial(const volume::geometry& source, const axial_order& order) {
    volume::geometry result;
    std::array<double, 3> corner{};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto axis = order.axes[i];
        const double sign = order.flipped[i] ? -1 : 1;
        result.shape[i] = source.shape[axis];
        result.spacing_mm[i] = source.spacing_mm[axis];
        for (std::size_t k = 0; k < 3; ++k) result.direction[i][k] = sign * source.direction[axis][k] + 0.0;
        if (order.flipped[i]) corner[axis] = static_cast<double>(source.shape[axis]) - 1;
    }
    result.origin_mm = source.position_mm(corner[0], corner[1], corner[2]);
    return result;
}

GROUNDGLASS_INLINE void check_on_grid(const volume::geometry& source, const volume::geometry& like) {
    const auto turned = to_axial(source, axial_order_of(source));
    const auto text = [](const volume::geometry& g) {
        std::string result;
        for (std::size_t i = 0; i < 3; ++i) result += (i ? " x " : "") + std::to_string(g.shape[i]);
        result += " voxels of ";
        for (std::size_t i = 0; i < 3; ++i) result += (i ? " x " : "") + decimal(g.spacing_mm[i]);
        result += " mm from (";
        for (std::size_t i = 0; i < 3; ++i) result += (i ? ", " : "") + decimal(g.origin_mm[i], 1);
        return result + ")";
    };
    double worst = 0;
    for (int corner = 0; corner < 8; ++corner) {
        std::array<double, 3> at{};
        for (std::size_t i = 0; i < 3; ++i)
            at[i] = (corner >> i & 1) ? static_cast<double>(like.shape[i]) - 1 : 0;
        const auto a = turned.position_mm(at[0], at[1], at[2]), b = like.position_mm(at[0], at[1], at[2]);
        for (std::size_t i = 0; i < 3; ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
    }
    const double allowed = 0.1 * *std::min_element(like.spacing_mm.begin(), like.spacing_mm.end());
    if (turned.shape != like.shape || !(worst <= allowed))
        throw format_error("the mask lies in another grid than the CT: found " + text(turned) +
                           ", expected " + text(like) +
                           "; resample it to the CT with nearest neighbours first");
}

} // namespace groundglass::reading
