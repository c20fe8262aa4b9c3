#pragma once

#include <groundglass/config.hpp>
#include <groundglass/reading/ct_assembly.hpp>
#include <groundglass/reading/ct_grid.hpp>

#include <string>

namespace groundglass::reading {

GROUNDGLASS_INLINE ct_assembly::ct_assembly(const volume::geometry& grid, notes remarks,
                                            volume::reconstruction made)
    : grid_((check_ct_grid(grid), grid)), order_(axial_order_of(grid)), remarks_(std::move(remarks)),
      made_(std::move(made)),
      array_(typename array3<std::int16_t>::shape_type{grid.shape[0], grid.shape[1], grid.shape[2]}),
      seen_(grid.shape[0]) {}

GROUNDGLASS_INLINE std::span<std::int16_t> ct_assembly::room(std::size_t first, std::size_t count) {
    const auto size = grid_.shape[1] * grid_.shape[2];
    if (first > grid_.shape[0] || count > grid_.shape[0] - first)
        throw std::invalid_argument("ct_assembly: slices " + std::to_string(first) + " to " +
                                    std::to_string(first + count) + " of " + std::to_string(grid_.shape[0]));
    return flat(array_).subspan(first * size, count * size);
}

GROUNDGLASS_INLINE volume::ct_volume ct_assembly::finish() && {
    intensity_summary seen;
    for (const auto& one : seen_) {
        if (one.count == 0) throw std::logic_error("ct_assembly: a slice was never put");
        seen.merge(one);
    }
    auto found = check_hounsfield(flat(array_), seen);
    remarks_.insert(remarks_.end(), found.begin(), found.end());
    if (order_.axes != axial_order{}.axes)
        remarks_.push_back({note_level::info, "turned_to_axial",
                            "The images are not axial; the volume was turned to axial slices."});
    return {to_axial(std::move(array_), order_), to_axial(grid_, order_), std::move(remarks_),
            std::move(made_)};
}

} // namespace groundglass::reading
