#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/aeration_table.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace groundglass::quantification {

GROUNDGLASS_INLINE const region_aeration& aeration_table::operator[](lung_region region) const {
    const auto place = static_cast<std::size_t>(region);
    if (place < rows.size()) return rows[place];
    if (place - rows.size() < lobes.size()) return lobes[place - rows.size()];
    throw std::invalid_argument("aeration_table: there is no row of region " + std::to_string(place));
}

} // namespace groundglass::quantification
