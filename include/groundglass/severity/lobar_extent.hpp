#pragma once

#include <groundglass/quantification/involvement.hpp>

namespace groundglass::severity {

/// Where the lobes of a lobar score come from.
enum class lobe_source : std::uint8_t {
    lobe_map, ///< a map of the lobes that came with the study
    thirds    ///< thirds of the lungs' height in their place
};

/// `"lobe_map"`, `"thirds"`.
[[nodiscard]] constexpr std::string_view name_of(lobe_source source) {
    return source == lobe_source::lobe_map ? "lobe_map" : "thirds";
}

/// The extent of disease in the five lobes, in the order of `lobe_label`, as fractions of the lobe; NaN where
/// a lobe has no lung.
struct lobar_extent {
    lobe_source source = lobe_source::thirds;
    std::array<double, volume::lobe_count> opacity{};
    std::array<double, volume::lobe_count> high_opacity{};
};

/// The lobes of the table where it has them. Else thirds of the height stand in for them: on the right the
/// three lobes, on the left the upper and the middle third together for the upper lobe, whose lingula lies
/// where the middle lobe is on the right, and the lower third for the lower lobe. Fissures run obliquely, so
/// this is a stand-in and no measurement of lobes.
[[nodiscard]] inline lobar_extent lobar_extent_of(const quantification::involvement_table& table) {
    lobar_extent result;
    if (!table.lobes.empty()) {
        result.source = lobe_source::lobe_map;
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
