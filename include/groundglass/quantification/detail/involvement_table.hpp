#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/detail/region_rows.hpp>
#include <groundglass/quantification/involvement_table.hpp>

namespace groundglass::quantification {

GROUNDGLASS_INLINE const region_involvement& involvement_table::operator[](lung_region region) const {
    return detail::row_of(*this, region, "involvement_table");
}

} // namespace groundglass::quantification
