#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/aeration_table.hpp>
#include <groundglass/quantification/detail/region_rows.hpp>

namespace groundglass::quantification {

GROUNDGLASS_INLINE const region_aeration& aeration_table::operator[](lung_region region) const {
    return detail::row_of(*this, region, "aeration_table");
}

} // namespace groundglass::quantification
