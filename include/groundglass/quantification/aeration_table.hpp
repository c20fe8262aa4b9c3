#pragma once

#include <groundglass/note.hpp>
#include <groundglass/quantification/aeration_measures.hpp>
#include <groundglass/quantification/involvement_table.hpp>

#include <array>
#include <vector>

namespace groundglass::quantification {

/// One region's row.
struct region_aeration : aeration_measures {
    lung_region region = lung_region::both;
};

/// One row for each region, those of an `involvement_table` in the same order.
struct aeration_table {
    std::array<region_aeration, lung_region_count> rows{};
    /// The five lobes where the study came with a map of them or they were estimated, else empty.
    std::vector<region_aeration> lobes;
    /// The segments by their labels from 1 where the study came with a map of them, else empty.
    std::vector<aeration_measures> segments;
    /// The edges between the compartments.
    aeration_bands bands_hu = published_bands;
    /// `thick_slices` and `sharp_kernel`, where low attenuation and Perc15 can't be relied on.
    groundglass::notes notes;

    /// The row of a region. Throws `std::invalid_argument` for a lobe where the table has none.
    [[nodiscard]] const region_aeration& operator[](lung_region region) const;
};

} // namespace groundglass::quantification

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/aeration_table.hpp>
#endif
