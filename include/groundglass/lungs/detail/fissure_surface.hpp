#pragma once

#include <groundglass/lungs/detail/lung_frame.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace groundglass::lungs::detail {

/// A place in a lung's own coordinates.
struct lung_place {
    double across = 0, depth = 0, height = 0;
};

/// A fissure as an ordinate over two coordinates, both 0..1, on a net of nodes. Above it lies what is ahead:
/// of the oblique fissure upper and middle lobe, of the horizontal one the upper lobe.
struct fissure_surface {
    static constexpr std::size_t rows = 49, columns = 97; ///< across; along, or depth

    bool horizontal = false;
    std::vector<double> ordinate = std::vector<double>(rows * columns);

    /// The oblique fissure runs along height plus depth, its ordinate is height less depth; that of the
    /// horizontal one is the height, along the depth.
    [[nodiscard]] double along(const lung_place& at) const {
        return horizontal ? at.depth : (at.height + at.depth - 0.1) / 1.8;
    }
    [[nodiscard]] double ordinate_of(const lung_place& at) const {
        return horizontal ? at.height : at.height - at.depth;
    }
    [[nodiscard]] lung_place place(double across, double along, double at) const {
        if (horizontal) return {across, along, at};
        const double sum = 1.8 * along + 0.1;
        return {across, (sum - at) / 2, (sum + at) / 2};
    }
    [[nodiscard]] double operator()(double across, double along) const {
        const auto split = [](double x, std::size_t n) {
            const double scaled = std::clamp(x, 0.0, 1.0) * static_cast<double>(n - 1);
            const auto k = std::min(static_cast<std::size_t>(scaled), n - 2);
            return std::pair{k, scaled - static_cast<double>(k)};
        };
        const auto [i, a] = split(across, rows);
        const auto [j, b] = split(along, columns);
        const double* at = ordinate.data() + i * columns + j;
        return (1 - a) * ((1 - b) * at[0] + b * at[1]) + a * ((1 - b) * at[columns] + b * at[columns + 1]);
    }
    [[nodiscard]] bool is_above(const lung_place& at) const {
        return ordinate_of(at) > (*this)(at.across, along(at));
    }
};

/// Values of `n` uniform cubic B-splines over 0..1.
inline std::vector<double> splines(double x, std::size_t n) {
    const double scaled = std::clamp(x, 0.0, 1.0) * static_cast<double>(n - 3);
    const auto k = std::min(static_cast<std::size_t>(scaled), n - 4);
    const double f = scaled - static_cast<double>(k), g = 1 - f;
    std::vector<double> result(n);
    result[k] = g * g * g / 6;
    result[k + 1] = (3 * f * f * f - 6 * f * f + 4) / 6;
    result[k + 2] = (-3 * f * f * f + 3 * f * f + 3 * f + 1) / 6;
    result[k + 3] = f * f * f / 6;
    return result;
}

/// The surface of tensor splines with the given coefficients, `shape` of them across and along.
inline fissure_surface surface_of(std::span<const double> coefficients, std::array<std::size_t, 2> shape,
                                  bool horizontal) {
    fissure_surface result;
    result.horizontal = horizontal;
    for (std::size_t i = 0; i < fissure_surface::rows; ++i) {
        const auto a =
            splines(static_cast<double>(i) / static_cast<double>(fissure_surface::rows - 1), shape[0]);
        for (std::size_t j = 0; j < fissure_surface::columns; ++j) {
            const auto b =
                splines(static_cast<double>(j) / static_cast<double>(fissure_surface::columns - 1), shape[1]);
            double sum = 0;
            for (std::size_t p = 0; p < shape[0]; ++p)
                for (std::size_t q = 0; q < shape[1]; ++q)
                    sum += a[p] * b[q] * coefficients[p * shape[1] + q];
            result.ordinate[i * fissure_surface::columns + j] = sum;
        }
    }
    return result;
}

} // namespace groundglass::lungs::detail
