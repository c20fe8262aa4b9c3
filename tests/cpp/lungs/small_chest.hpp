#pragma once

#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/ct_volume.hpp>

#include <functional>

/// The limits of `lung_mask_options`.
inline constexpr double gas_below_hu = -945;
inline constexpr double air_below_hu = -500;

inline groundglass::volume::bit_mask label_of(const groundglass::array3<std::uint8_t>& truth,
                                              std::uint8_t wanted) {
    return groundglass::volume::mask_where(truth, [=](std::uint8_t label) { return label == wanted; });
}

/// A chest of simple bodies for the tests of the lung mask: soft tissue with two lungs, trachea and main
/// bronchi, a dome on each side, spine, stomach gas, and a table of thin shells with foam inside.
struct small_chest {
    groundglass::volume::vector3 spacing{4, 2.5, 2.5};
    groundglass::shape3 shape{70, 128, 144};
    double lungs_apart_mm = 36; ///< width of the mediastinum; less than 0 makes the lungs touch in front
    bool prone = false;
    /// Tissue in mm from the middle of the back row's centre: returns true where the lung is consolidated.
    std::function<bool(double z, double y, double x)> consolidated = [](double, double, double) {
        return false;
    };

    struct made {
        groundglass::volume::ct_volume ct;
        groundglass::array3<std::uint8_t> truth; ///< 1 left, 2 right, 3 trachea and bronchi, 4 gas, 5 foam
    };

    [[nodiscard]] made make() const {
        using namespace groundglass;
        using namespace groundglass::volume;
        auto hounsfield = make_array<std::int16_t>(shape, -1000);
        auto truth = make_array<std::uint8_t>(shape);
        const auto inside = [](double z, double y, double x, double rz, double ry, double rx) {
            return z * z / (rz * rz) + y * y / (ry * ry) + x * x / (rx * rx) <= 1;
        };
        unsigned noise = 1;
        for (std::size_t s = 0; s < shape[0]; ++s)
            for (std::size_t r = 0; r < shape[1]; ++r)
                for (std::size_t c = 0; c < shape[2]; ++c) {
                    const double z =
                        (static_cast<double>(s) - 0.5 * static_cast<double>(shape[0])) * spacing[0];
                    double y = (static_cast<double>(r) - 0.46 * static_cast<double>(shape[1])) * spacing[1];
                    const double x =
                        (static_cast<double>(c) - 0.5 * static_cast<double>(shape[2])) * spacing[2];
                    double value = -1000;
                    std::uint8_t label = 0;
                    if (y > 122 && y < 140) { // the table stays below, however the patient lies
                        const bool shell = y < 126 || y > 136;
                        value = shell ? -300 : -890;
                        if (!shell) label = 5;
                    }
                    if (prone) y = -y;
                    if (inside(0, y, x, 1, 115, 165)) value = 40;
                    const double side = x > 0 ? 1 : -1;
                    const double gap = 0.5 * lungs_apart_mm;
                    const double lung_x = x - side * (60 + gap);
                    const bool lung = inside(z - 10, y, lung_x, 115, 85, 60) &&
                                      !inside(z + 115, y, lung_x, 70, 95, 62) &&
                                      !inside(z + 20, y + 25, x - 15, 55, 45, 48);
                    if (lung) {
                        value = consolidated(z, y, x) ? 30 : -850;
                        label = x > 0 ? 1 : 2;
                    }
                    const bool trachea = z > 20 && std::hypot(y - 5, x) < 9;
                    const double along = 20 - z; // the bronchi run down and outwards at 45 degrees
                    const bool bronchus =
                        along >= 0 && along < 35 && std::hypot(y - 5, std::abs(x) - along) < 7;
                    if (trachea || bronchus) {
                        value = -1000;
                        label = 3;
                    } else if ((z > 20 && std::hypot(y - 5, x) < 13) ||
                               (along >= 0 && along < 35 && std::hypot(y - 5, std::abs(x) - along) < 10)) {
                        value = 40;
                        label = 0;
                    }
                    if (inside(z + 110, y + 30, x - 60, 22, 30, 30)) {
                        value = -1000;
                        label = 4;
                    }
                    if (inside(0, y - 85, x, 1, 18, 18)) value = 500;
                    noise = noise * 1664525U + 1013904223U;
                    value += static_cast<double>(noise >> 16) / 65536.0 * 60 - 30;
                    hounsfield(s, r, c) = static_cast<std::int16_t>(std::max(-1024.0, value));
                    truth(s, r, c) = label;
                }
        geometry grid;
        grid.shape = shape;
        grid.spacing_mm = spacing;
        return {ct_volume(std::move(hounsfield), grid), std::move(truth)};
    }
};
