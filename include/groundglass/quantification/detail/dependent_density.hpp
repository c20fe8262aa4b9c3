#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/dependent_density.hpp>
#include <groundglass/quantification/dependent_layer.hpp>
#include <groundglass/quantification/detail/part_counts.hpp>
#include <groundglass/quantification/detail/region_rows.hpp>
#include <groundglass/quantification/hounsfield_histogram.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>

namespace groundglass::quantification {

namespace detail {

struct dependent_counts {
    std::uint64_t lung = 0, opacity = 0, dependent = 0;

    dependent_counts& operator+=(const dependent_counts& other) {
        lung += other.lung;
        opacity += other.opacity;
        dependent += other.dependent;
        return *this;
    }
    [[nodiscard]] dependent_measures measures(double voxel_ml) const {
        dependent_measures result;
        result.dependent_ml = static_cast<double>(dependent) * voxel_ml;
        if (lung > 0)
            result.opacity_percent_without_dependent =
                100.0 * static_cast<double>(opacity - dependent) / static_cast<double>(lung);
        return result;
    }
};

/// What is to be known of the lungs before the layer is looked for.
struct lung_level {
    std::array<bool, 2> sides{};
    double free = 0; ///< share of the lungs without opacity
    std::optional<int> hu;
};

[[nodiscard]] inline lung_level level_of(const volume::lesion_ct& study) {
    const auto hounsfield = flat(study.ct().hounsfield());
    const auto lungs = flat(study.lungs());
    const auto lesions = flat(study.lesions());
    hounsfield_histogram without;
    std::array<std::uint64_t, 2> lung{};
    for_each_label(lungs, [&](std::size_t i) {
        ++lung[lungs[i] - 1U];
        if (lesions[i] == 0) without.add(hounsfield[i]);
    });
    lung_level result{{lung[0] > 0, lung[1] > 0}, 0, std::nullopt};
    if (const auto all = lung[0] + lung[1]; all > 0)
        result.free = static_cast<double>(without.count()) / static_cast<double>(all);
    if (without.count() > 0) result.hu = without.percentile(50);
    return result;
}

/// Why the layer can't be told apart, as a code; empty where it can.
[[nodiscard]] inline std::string why_not_dependent(volume::patient_position position,
                                                   const lung_level& level) {
    using volume::patient_position;
    if (position == patient_position::unknown) return "position_unknown";
    if (position == patient_position::left_side || position == patient_position::right_side)
        return "lies_on_side";
    if (!level.sides[0] || !level.sides[1]) return "one_lung";
    return level.free < least_free_lung ? "no_free_lung" : "";
}

[[nodiscard]] inline note left_out_note(const std::string& why) {
    const auto* const text =
        why == "position_unknown" ? "how the patient lay is not known"
        : why == "lies_on_side"   ? "the patient lay on a side, so the lungs differ by gravity"
        : why == "one_lung"       ? "it is told by both lungs alike, and there is one"
                                  : "too little of the lungs is free of opacity to say how dense "
                                    "they are without";
    return {note_level::info, "dependent_density_left_out",
            std::string("Dependent density is not told apart from other opacity: ") + text + "."};
}

[[nodiscard]] inline note found_note(const dependent_table& table, dependent_side side) {
    std::ostringstream text;
    text.setf(std::ios::fixed);
    text.precision(1);
    text << table.rows[0].dependent_ml << " ml of the opacity lie as dependent density does, "
         << (side == dependent_side::back ? "at the back of a patient on the back"
                                          : "at the front of a patient on the front")
         << ", alike in both lungs and up to a few hundred HU above the lung's own level of "
         << *table.lung_level_hu << " HU: lung made denser by gravity, or disease in that place. ";
    text.precision(2);
    text << "Opacity without them: " << table.rows[0].opacity_percent_without_dependent << " % of the lungs.";
    return {note_level::info, "dependent_density", text.str()};
}

} // namespace detail

GROUNDGLASS_INLINE const region_dependent& dependent_table::operator[](lung_region region) const {
    return detail::row_of(*this, region, "dependent_table");
}

GROUNDGLASS_INLINE dependent_table dependent_density::operator()(const volume::lesion_ct& study) const {
    using volume::patient_position;
    const auto position = options_.position == patient_position::unknown
                              ? study.ct().reconstruction().position
                              : options_.position;
    const auto level = detail::level_of(study);
    dependent_table table;
    table.position = position;
    table.lung_level_hu = level.hu;
    table.left_out = detail::why_not_dependent(position, level);
    const bool known = table.left_out.empty();
    const auto side = position == patient_position::prone ? dependent_side::front : dependent_side::back;
    auto layer = make_array<std::uint8_t>(study.ct().grid().shape);
    if (known) volume::paint(layer, dependent_layer(study, side, *level.hu, options_.layer), std::uint8_t{1});

    const auto lesions = flat(study.lesions());
    const auto inside = flat(layer);
    const auto found = detail::counts_of_parts<detail::dependent_counts>(
        study.with_lungs(), [lesions, inside](detail::dependent_counts& counts, std::size_t voxel) {
            ++counts.lung;
            counts.opacity += lesions[voxel] != 0;
            counts.dependent += inside[voxel];
        });
    const double voxel_ml = study.ct().grid().voxel_ml();
    detail::fill_rows(table, found, [&](const detail::dependent_counts& counts) {
        return known ? counts.measures(voxel_ml) : dependent_measures{};
    });
    if (!known)
        table.notes.push_back(detail::left_out_note(table.left_out));
    else if (table.rows[0].dependent_ml > 0)
        table.notes.push_back(detail::found_note(table, side));
    if (known) table.layer = shared(std::move(layer));
    return table;
}

} // namespace groundglass::quantification
