#pragma once

#include <groundglass/array.hpp>

#include <cstdint>

namespace groundglass::segmentation {

/// What a stage finds in a single image, which has no lung mask.
struct image_lesions {
    /// Of ground glass and consolidation, `(2, rows, columns)`.
    array3<float> probabilities;
    /// `lesion_label` values, `(rows, columns)`: lesion where both probabilities reach the stage's threshold
    /// together, of the class of the larger; as published, the class of the network's largest answer.
    array2<std::uint8_t> labels;
};

} // namespace groundglass::segmentation
