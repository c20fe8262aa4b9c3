#pragma once

#include <groundglass/array.hpp>
#include <groundglass/quantification/involvement_measures.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstdint>
#include <vector>

namespace groundglass::quantification {

/// The involvement of every part that a map of labels names: lobes, segments, or any other division of the
/// lungs.
///
/// `labels` has the shape of the CT; the result holds `count` parts, those of the labels 1 to `count` in
/// order. Only lung counts: what a label covers outside the lungs is left out, and so is lung without a
/// label. Throws `std::invalid_argument` for another shape and for a label above `count`. One pass.
[[nodiscard]] std::vector<involvement_measures>
involvement_by_label(const volume::lesion_ct& study, const array3<std::uint8_t>& labels, std::uint8_t count,
                     high_opacity_rule rule = high_opacity_rule::consolidation);

} // namespace groundglass::quantification

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using quantification::involvement_by_label;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/involvement_by_label.hpp>
#endif
