#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/severity/lobar_extent.hpp>
#include <groundglass/volume/label_map.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>

namespace groundglass::severity {

GROUNDGLASS_INLINE lobar_extent lobar_extent_of(const quantification::involvement_table& table) {
    lobar_extent result;
    if (!table.lobes.empty()) {
        result.source = table.lobes_estimated ? lobe_source::estimated : lobe_source::lobe_map;
        for (std::size_t lobe = 0; lobe < volume::lobe_count; ++lobe) {
            result.opacity[lobe] = table.lobes[lobe].opacity_percent / 100;
            result.high_opacity[lobe] = table.lobes[lobe].high_opacity_percent / 100;
        }
        return result;
    }
    const auto assign = [&](std::size_t lobe, std::initializer_list<quantification::lung_region> thirds) {
        double lung = 0, opacity = 0, high = 0;
        for (const auto third : thirds) {
            const auto& row = table[third];
            if (!(row.lung_ml > 0)) continue;
            lung += row.lung_ml;
            opacity += row.lung_ml * row.opacity_percent / 100;
            high += row.lung_ml * row.high_opacity_percent / 100;
        }
        result.opacity[lobe] = std::min(opacity / lung, 1.0); // NaN for no lung
        result.high_opacity[lobe] = std::min(high / lung, 1.0);
    };
    assign(0, {quantification::lung_region::left_upper, quantification::lung_region::left_middle});
    assign(1, {quantification::lung_region::left_lower});
    assign(2, {quantification::lung_region::right_upper});
    assign(3, {quantification::lung_region::right_middle});
    assign(4, {quantification::lung_region::right_lower});
    return result;
}

} // namespace groundglass::severity
