#pragma once

#include <groundglass/segmentation/model_contract.hpp>
#include <groundglass/volume/lesion_uncertainty.hpp>
#include <groundglass/volume/lung_ct.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace groundglass::segmentation::detail {

/// The mean of the models' calibrated thresholds. Empty, with a note that says why, where a model has no
/// calibration or another model has other levels.
[[nodiscard]] std::optional<volume_quantiles>
common_calibration(std::span<const model_contract* const> models, notes& remarks);

/// The nested lesions of one study, filled slice by slice, by several threads at a time.
class lesion_levels {
public:
    /// `first`, `last`: the slices that are filled lie between them, the pixels inside `box`.
    lesion_levels(const volume_quantiles& calibration, const shape3& shape, std::size_t first,
                  std::size_t last, const pixel_box& box);

    /// A lung pixel of a slice with its probabilities.
    void add(std::size_t slice, std::size_t pixel, float ground_glass, float consolidation);

    /// The map of `lesion_uncertainty::first_level`: at each level, connected lesions (26 neighbours) below
    /// `minimum_ml` are dropped. A lesion that is kept at one level is part of a larger one at the next, so
    /// the levels stay nested.
    [[nodiscard]] array3<std::uint8_t> finish(double minimum_ml, double voxel_ml) const;

private:
    std::vector<float> thresholds_;
    shape3 shape_;
    std::size_t first_;
    pixel_box box_;
    /// Before dropping, in the box alone.
    array3<std::uint8_t> found_;
};

} // namespace groundglass::segmentation::detail
