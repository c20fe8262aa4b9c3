#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/dependent_layer.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/lesion_ct.hpp>
#include <groundglass/volume/morphology.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

namespace groundglass::quantification {

namespace detail {

/// One slice, its rows counted from the side to which the patient lies.
class lying_slice {
public:
    lying_slice(const volume::lesion_ct& study, std::size_t index, dependent_side side)
        : hounsfield_(slice_of(study.ct().hounsfield(), index)), lungs_(slice_of(study.lungs(), index)),
          lesions_(slice_of(study.lesions(), index)), rows_(study.ct().grid().shape[1]),
          columns_(study.ct().grid().shape[2]), from_last_(side == dependent_side::back) {}

    [[nodiscard]] std::size_t rows() const { return rows_; }
    [[nodiscard]] std::size_t columns() const { return columns_; }
    [[nodiscard]] std::size_t row(std::size_t height) const {
        return from_last_ ? rows_ - 1 - height : height;
    }
    [[nodiscard]] bool is_lung(std::size_t height, std::size_t column, std::uint8_t lung) const {
        return lungs_[at(height, column)] == lung;
    }
    [[nodiscard]] bool is_opacity(std::size_t height, std::size_t column, int at_most_hu) const {
        const auto i = at(height, column);
        return lesions_[i] != 0 && hounsfield_[i] <= at_most_hu;
    }
    [[nodiscard]] bool has_lesion() const {
        return std::any_of(lesions_.begin(), lesions_.end(), [](std::uint8_t label) { return label != 0; });
    }
    /// The first height above the lower half of a lung's; nothing where it is not in the slice.
    [[nodiscard]] std::optional<std::size_t> middle(std::uint8_t lung) const {
        const auto holds = [&](std::size_t height) {
            const auto line = lungs_.subspan(row(height) * columns_, columns_);
            return std::find(line.begin(), line.end(), lung) != line.end();
        };
        std::size_t lowest = 0;
        while (lowest < rows_ && !holds(lowest)) ++lowest;
        if (lowest == rows_) return std::nullopt;
        std::size_t end = rows_;
        while (!holds(end - 1)) --end;
        return lowest + (end - lowest + 1) / 2;
    }

private:
    [[nodiscard]] std::size_t at(std::size_t height, std::size_t column) const {
        return row(height) * columns_ + column;
    }

    std::span<const std::int16_t> hounsfield_;
    std::span<const std::uint8_t> lungs_, lesions_;
    std::size_t rows_, columns_;
    bool from_last_;
};

/// What of a lung's column belongs to the layer; `found(height)` is told of each voxel.
template <class Found>
void follow_column(const lying_slice& slice, std::size_t column, std::uint8_t lung, std::size_t middle,
                   int at_most_hu, std::size_t depth, std::size_t gap, Found found) {
    std::size_t height = 0;
    while (height < middle && !slice.is_lung(height, column, lung)) ++height;
    if (height == middle) return;
    const auto end = std::min(slice.rows(), height + depth);
    for (std::size_t missed = 0; height < end && missed <= gap; ++height) {
        const bool belongs =
            slice.is_lung(height, column, lung) && slice.is_opacity(height, column, at_most_hu);
        if (belongs) found(height);
        missed = belongs ? 0 : missed + 1;
    }
}

/// Twice the column midway between the lungs' middles; nothing where one is missing.
[[nodiscard]] inline std::optional<std::size_t> twice_midway(const volume::lesion_ct& study) {
    std::array<double, 2> sum{}, count{};
    const auto columns = study.ct().grid().shape[2];
    const auto lungs = flat(study.lungs());
    for (std::size_t i = 0, column = 0; i < lungs.size(); ++i) {
        if (lungs[i] != 0) {
            sum[lungs[i] - 1U] += static_cast<double>(column);
            count[lungs[i] - 1U] += 1;
        }
        if (++column == columns) column = 0;
    }
    if (count[0] == 0 || count[1] == 0) return std::nullopt;
    return static_cast<std::size_t>(std::lround(sum[0] / count[0] + sum[1] / count[1]));
}

[[nodiscard]] inline volume::bit_mask mirrored(const volume::bit_mask& mask, std::size_t twice_midway) {
    volume::bit_mask result(mask.shape());
    const auto columns = mask.shape()[2];
    volume::for_each_run(mask, [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end) {
        // Column c comes to lie at twice_midway - c.
        if (twice_midway < begin) return;
        const auto last = std::min(twice_midway - begin + 1, columns);
        const auto first = twice_midway + 1 > end ? twice_midway + 1 - end : 0;
        result.set(slice, row, first, last);
    });
    return result;
}

inline void check(const dependent_layer_options& options) {
    for (const double mm : {options.depth_mm, options.gap_mm, options.mirror_mm})
        if (!(mm >= 0 && std::isfinite(mm)))
            throw std::invalid_argument(
                "dependent_layer: depth_mm, gap_mm and mirror_mm must be finite and not negative");
    if (options.above_lung_hu < 0)
        throw std::invalid_argument("dependent_layer: above_lung_hu must not be negative");
}

} // namespace detail

GROUNDGLASS_INLINE volume::bit_mask dependent_layer(const volume::lesion_ct& study, dependent_side side,
                                                    int lung_level_hu,
                                                    const dependent_layer_options& options) {
    detail::check(options);
    const auto& grid = study.ct().grid();
    volume::bit_mask layer(grid.shape);
    const auto midway = detail::twice_midway(study);
    if (!midway) return layer;
    const auto depth = volume::whole_up_to(std::ceil(options.depth_mm / grid.spacing_mm[1]), grid.shape[1]);
    const auto gap = volume::whole_up_to(options.gap_mm / grid.spacing_mm[1], grid.shape[1]);
    for (std::size_t i = 0; i < grid.shape[0]; ++i) {
        const detail::lying_slice slice(study, i, side);
        if (!slice.has_lesion()) continue;
        for (const std::uint8_t lung : {std::uint8_t{1}, std::uint8_t{2}}) {
            const auto middle = slice.middle(lung);
            if (!middle) continue;
            for (std::size_t column = 0; column < slice.columns(); ++column)
                detail::follow_column(slice, column, lung, *middle, lung_level_hu + options.above_lung_hu,
                                      depth, gap,
                                      [&](std::size_t height) { layer.set(i, slice.row(height), column); });
        }
    }
    if (layer.empty()) return layer;
    const volume::ball near(options.mirror_mm, grid.spacing_mm);
    return layer & volume::dilate(detail::mirrored(layer, *midway), near);
}

} // namespace groundglass::quantification
