#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/lung_ct.hpp>

#include <cstdint>

namespace groundglass::lungs {

/// The lungs with a map of their lobes, as another program finds them.
///
/// `given` has the CT's shape and holds `lobe_label` values, or those of another of `lobe_numberings` or any
/// other five: which lobe a value is follows from its place in the lungs, two on the left and three on the
/// right, in the order of their heights and across the fissures. Numbers in use may lack lobes; other organs
/// and airways beside the lungs are left out. Notes: `lobes_relabelled` where the numbers are not those of
/// `lobe_label`, `lobes_incomplete` where a tenth of the lungs or more has no lobe, `lobes_on_other_side`
/// where a tenth of the lobes or more lies in the other lung, `lobe_missing` where a lobe has no lung: scores
/// of lobes have no answer then. Throws `std::invalid_argument` for another shape, a map that does not meet
/// the lungs, and values that can't be told as lobes. Some passes; memory that of the map once more.
template <volume::label_value T>
[[nodiscard]] volume::lung_ct with_lobes(const volume::lung_ct& study, const array3<T>& given);

/// The lungs with a map of twenty segments, labels 1 to 20. Note: `segments_incomplete` where a tenth of
/// the lungs or more has no segment. Throws `std::invalid_argument` for another shape, a value above 20, and
/// a map that does not meet the lungs. Two passes.
[[nodiscard]] volume::lung_ct with_segments(const volume::lung_ct& study, array3<std::uint8_t> segments);

} // namespace groundglass::lungs

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using lungs::with_lobes;
using lungs::with_segments;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/given_parts.hpp>
#endif
