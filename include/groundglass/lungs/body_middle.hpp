#pragma once

#include <groundglass/volume/ct_volume.hpp>

#include <cstddef>

namespace groundglass::lungs {

/// Where the middle of a body lies across the slices, in columns, and how wide it is.
struct body_middle {
    double column = 0;
    double width = 0;
};

/// The column that halves the body in the slices from `first` to `last`, both of them in.
///
/// Each row is filled between its outermost tissue, above -300 HU, so that air and opacity in a lung count
/// alike and the missing of one lung moves nothing. Width is that of nine tenths of the body. Without any
/// tissue both are those of the image. Throws `std::out_of_range` for slices beyond the volume. Cost: one
/// pass over what lies around the body.
[[nodiscard]] body_middle middle_of_body(const volume::ct_volume& ct, std::size_t first, std::size_t last);

} // namespace groundglass::lungs

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using body_middle [[deprecated("groundglass::lungs::body_middle")]] = lungs::body_middle;
using lungs::middle_of_body;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/body_middle.hpp>
#endif
