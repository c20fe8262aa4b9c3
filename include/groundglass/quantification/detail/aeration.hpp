#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/aeration.hpp>
#include <groundglass/quantification/aeration_measures.hpp>
#include <groundglass/quantification/aeration_table.hpp>
#include <groundglass/quantification/detail/part_counts.hpp>
#include <groundglass/quantification/detail/region_rows.hpp>
#include <groundglass/quantification/hounsfield_histogram.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/lung_ct.hpp>
#include <groundglass/volume/reconstruction.hpp>

#include <sstream>

namespace groundglass::quantification {

namespace detail {

/// What makes low attenuation and Perc15 unreliable.
[[nodiscard]] inline notes aeration_notes(const volume::ct_volume& ct) {
    notes result;
    const double thickness = ct.reconstruction().slice_thickness_mm.value_or(ct.grid().spacing_mm[0]);
    if (thickness > thick_slices_mm) {
        std::ostringstream text;
        text << "Slices of " << thickness
             << " mm average small emphysema away: low attenuation and Perc15 are "
             << "reliable up to " << thick_slices_mm
             << " mm, and comparable between studies of one thickness "
             << "alone.";
        result.push_back({note_level::info, "thick_slices", text.str()});
    }
    if (volume::is_sharp_kernel(ct.reconstruction().kernel))
        result.push_back({note_level::info, "sharp_kernel",
                          "The slices were made with a sharp kernel, whose noise raises low attenuation and "
                          "lowers Perc15: take them from a smooth one."});
    return result;
}

[[nodiscard]] inline aeration_table aeration_rows(const part_counts<hounsfield_histogram>& found,
                                                  const volume::ct_volume& ct, const aeration_bands& bands) {
    const double voxel_ml = ct.grid().voxel_ml();
    aeration_table table;
    fill_rows(table, found,
              [&](const hounsfield_histogram& lung) { return measures_of(lung, voxel_ml, bands); });
    table.bands_hu = bands;
    table.notes = aeration_notes(ct);
    return table;
}

} // namespace detail

GROUNDGLASS_INLINE aeration_table aeration::operator()(const volume::lung_ct& study) const {
    const auto hounsfield = flat(study.ct().hounsfield());
    const auto found = detail::counts_of_parts<hounsfield_histogram>(
        study, [hounsfield](hounsfield_histogram& lung, std::size_t voxel) { lung.add(hounsfield[voxel]); });
    return detail::aeration_rows(found, study.ct(), options_.bands_hu);
}

} // namespace groundglass::quantification
