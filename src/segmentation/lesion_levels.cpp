#include "lesion_levels.hpp"

#include <groundglass/volume/components.hpp>

#include <algorithm>
#include <string>

namespace groundglass::segmentation::detail {
namespace {

constexpr std::uint8_t place = volume::lesion_uncertainty::place;

} // namespace

std::optional<volume_quantiles> common_calibration(std::span<const model_contract* const> models,
                                                   notes& remarks) {
    const auto none = [&](const char* code, const std::string& text) -> std::optional<volume_quantiles> {
        remarks.push_back({note_level::info, code, text});
        return std::nullopt;
    };
    std::optional<volume_quantiles> mean;
    for (const auto* model : models) {
        if (!model->calibration || model->calibration->volume.levels.empty())
            return none("not_calibrated", "The model " + model->name + " " + model->version +
                                              " holds no calibration, so no interval is given.");
        const auto& own = model->calibration->volume;
        if (!mean) {
            mean = own;
            continue;
        }
        if (own.levels != mean->levels)
            return none("calibrations_differ", "The models " + models.front()->name + " and " + model->name +
                                                   " were calibrated at different levels, so no interval is "
                                                   "given.");
        for (std::size_t i = 0; i < own.thresholds.size(); ++i) mean->thresholds[i] += own.thresholds[i];
    }
    if (mean)
        for (double& threshold : mean->thresholds) threshold /= static_cast<double>(models.size());
    return mean;
}

lesion_levels::lesion_levels(const volume_quantiles& calibration, const shape3& shape, std::size_t first,
                             std::size_t last, const pixel_box& box)
    : thresholds_(calibration.thresholds.begin(), calibration.thresholds.end()), shape_(shape), first_(first),
      box_(box), found_(make_array<std::uint8_t>({last - first + 1, box.size.rows, box.size.columns})) {}

void lesion_levels::add(std::size_t slice_index, std::size_t pixel, float ground_glass, float consolidation) {
    const float infected = ground_glass + consolidation;
    if (infected < thresholds_.back()) return;
    const auto level = std::partition_point(thresholds_.begin(), thresholds_.end(),
                                            [&](float threshold) { return threshold > infected; });
    const std::size_t row = pixel / shape_[2] - box_.row;
    const std::size_t column = pixel % shape_[2] - box_.column;
    const auto number = static_cast<std::uint8_t>(level - thresholds_.begin() + 1);
    found_(slice_index - first_, row, column) =
        consolidation > ground_glass
            ? static_cast<std::uint8_t>(number | volume::lesion_uncertainty::consolidated)
            : number;
}

array3<std::uint8_t> lesion_levels::finish(double minimum_ml, double voxel_ml) const {
    auto result = make_array<std::uint8_t>(shape_);
    const auto line = [&](std::size_t slice, std::size_t row) {
        return flat(result).data() + ((first_ + slice) * shape_[1] + box_.row + row) * shape_[2] +
               box_.column;
    };
    const auto found_line = [&](std::size_t slice, std::size_t row) {
        return flat(found_).data() + (slice * box_.size.rows + row) * box_.size.columns;
    };
    if (minimum_ml == 0) {
        for (std::size_t slice = 0; slice < found_.shape()[0]; ++slice)
            for (std::size_t row = 0; row < box_.size.rows; ++row)
                std::copy_n(found_line(slice, row), box_.size.columns, line(slice, row));
        return result;
    }
    for (std::size_t level = 1; level <= thresholds_.size(); ++level) {
        const volume::components found(volume::mask_where(found_,
                                                          [level](std::uint8_t value) {
                                                              const auto number = value & place;
                                                              return number != 0 && static_cast<std::size_t>(
                                                                                        number) <= level;
                                                          }),
                                       volume::connectivity::all);
        found.visit_runs(
            [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end, std::size_t i) {
                if (static_cast<double>(found[i].voxels) * voxel_ml < minimum_ml) return;
                const auto* in = found_line(slice, row);
                auto* out = line(slice, row);
                for (std::size_t column = begin; column < end; ++column)
                    if (out[column] == 0)
                        out[column] = static_cast<std::uint8_t>(
                            level | (in[column] & volume::lesion_uncertainty::consolidated));
            });
    }
    return result;
}

} // namespace groundglass::segmentation::detail
