#pragma once

#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/volume/label_map.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace groundglass::severity {

/// Where the lobes of a lobar score come from.
enum class lobe_source : std::uint8_t {
    lobe_map, ///< a map of the lobes that came with the study
    thirds,   ///< thirds of the lungs' height in their place
    estimated ///< lobes that were estimated from the lungs' shape and their fissures
};

/// `"lobe_map"`, `"thirds"`, `"estimated"`.
[[nodiscard]] constexpr std::string_view name_of(lobe_source source) {
    return source == lobe_source::lobe_map ? "lobe_map"
           : source == lobe_source::thirds ? "thirds"
                                           : "estimated";
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
[[nodiscard]] lobar_extent lobar_extent_of(const quantification::involvement_table& table);

} // namespace groundglass::severity

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/severity/detail/lobar_extent.hpp>
#endif
