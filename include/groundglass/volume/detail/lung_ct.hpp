#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/lung_ct.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace groundglass::volume {

namespace detail {

inline void check_parts(const std::string& name, const shared_array3<std::uint8_t>& parts, std::uint8_t count,
                        const shape3& shape) {
    if (!parts) return;
    if (shape_of(*parts) != shape)
        throw std::invalid_argument("lung_ct: the shape of the " + name + " differs from the CT's shape");
    check_part_labels(flat(*parts), count, "lung_ct: the " + name + " hold");
}

} // namespace detail

GROUNDGLASS_INLINE lung_ct::lung_ct(ct_volume ct, array3<std::uint8_t> lungs, groundglass::notes found)
    : ct_(std::move(ct)), lungs_(shared(std::move(lungs))), notes_(std::move(found)) {
    if (shape_of(*lungs_) != ct_.grid().shape)
        throw std::invalid_argument("lung_ct: the mask's shape differs from the CT's shape");
    check_lung_labels(flat(*lungs_), "lung_ct: the mask holds");
}

GROUNDGLASS_INLINE lung_ct lung_ct::divided(shared_array3<std::uint8_t> lobes,
                                            shared_array3<std::uint8_t> segments,
                                            const groundglass::notes& found) const {
    detail::check_parts("lobes", lobes, lobe_count, ct_.grid().shape);
    detail::check_parts("segments", segments, segment_count, ct_.grid().shape);
    lung_ct result = *this;
    if (lobes != lobes_) result.lobe_estimate_.reset();
    result.lobes_ = std::move(lobes);
    result.segments_ = std::move(segments);
    result.notes_.insert(result.notes_.end(), found.begin(), found.end());
    return result;
}

GROUNDGLASS_INLINE lung_ct lung_ct::with_estimated_lobes(array3<std::uint8_t> lobes,
                                                         const volume::lobe_estimate& how,
                                                         const groundglass::notes& found) const {
    auto result = divided(shared(std::move(lobes)), segments_, found);
    result.lobe_estimate_ = how;
    return result;
}

} // namespace groundglass::volume
