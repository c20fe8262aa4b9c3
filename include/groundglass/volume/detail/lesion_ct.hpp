#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

namespace groundglass::volume {

GROUNDGLASS_INLINE lesion_ct::lesion_ct(lung_ct lungs, array3<std::uint8_t> lesions, groundglass::notes found,
                                        probability_map ground_glass, probability_map consolidation,
                                        std::shared_ptr<const lesion_uncertainty> uncertainty)
    : lungs_(std::move(lungs)), lesions_(shared(std::move(lesions))), notes_(std::move(found)),
      ground_glass_(std::move(ground_glass)), consolidation_(std::move(consolidation)),
      uncertainty_(std::move(uncertainty)) {
    const auto& shape = lungs_.ct().grid().shape;
    const auto other = [&](const probability_map& map) { return map && shape_of(*map) != shape; };
    if (shape_of(*lesions_) != shape || other(ground_glass_) || other(consolidation_))
        throw std::invalid_argument("lesion_ct: the lesion map's shape differs from the CT's shape");
    check_lesion_labels(flat(*lesions_), "lesion_ct: the lesion map holds");
    if (uncertainty_) check(*uncertainty_, shape);
}

} // namespace groundglass::volume
