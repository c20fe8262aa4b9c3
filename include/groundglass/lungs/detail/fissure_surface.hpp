#pragma once

#include <groundglass/lungs/detail/lung_frame.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
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

} // namespace groundglass::lungs::detail
