#pragma once

#include <groundglass/quantification/aeration.hpp>
#include <groundglass/quantification/aeration_table.hpp>
#include <groundglass/quantification/involvement.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <utility>

namespace groundglass::quantification {

/// What both stages give, to the last bit, in one pass over the voxels and another for each map: one
/// histogram serves both and costs about what the sums of `involvement` do (`benchmarks/quantification.py`).
[[nodiscard]] std::pair<involvement_table, aeration_table>
involvement_and_aeration(const volume::lesion_ct& study, const involvement& first = involvement(),
                         const aeration& second = aeration());

} // namespace groundglass::quantification

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/involvement_and_aeration.hpp>
#endif
