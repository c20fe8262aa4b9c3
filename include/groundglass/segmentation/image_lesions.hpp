#pragma once

#include <groundglass/array.hpp>

#include <cstdint>
#include <optional>

namespace groundglass::segmentation {

/// What a stage finds in a single image, which has no lung mask.
struct image_lesions {
    /// Of ground glass and consolidation, `(2, rows, columns)`.
    array3<float> probabilities;
    /// `lesion_label` values, `(rows, columns)`: lesion where both probabilities reach the stage's threshold
    /// together, of the class of the larger; as published, the class of the network's largest answer. Where
    /// `lungs` are known, and not as published, none lies outside of them.
    array2<std::uint8_t> labels;
    /// 1 in the lungs, lesions included, `(rows, columns)`: where lung is more likely than not and, but as
    /// published, not beside the patient (see `without_beside`). Only where every model has the class `lung`
    /// or `other_lung`.
    std::optional<array2<std::uint8_t>> lungs;
};

} // namespace groundglass::segmentation
