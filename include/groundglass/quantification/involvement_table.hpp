#pragma once

#include <groundglass/quantification/involvement_measures.hpp>
#include <groundglass/volume/label_map.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace groundglass::quantification {

/// The regions of a table, in its order. Both lungs come first, so the first row is the answer.
enum class lung_region : std::uint8_t {
    both,
    left,
    right,
    left_upper,
    left_middle,
    left_lower,
    right_upper,
    right_middle,
    right_lower,
    left_upper_lobe, ///< the lobes in the order of `lobe_label`
    left_lower_lobe,
    right_upper_lobe,
    right_middle_lobe,
    right_lower_lobe,
};

/// Both lungs, the sides and their thirds, which every table has.
inline constexpr std::size_t lung_region_count = 9;

/// `"both lungs"`, `"left lung"`, …, `"right lower third"`, …, `"right lower lobe"`. Throws
/// `std::invalid_argument` for another value.
[[nodiscard]] constexpr std::string_view name_of(lung_region region) {
    constexpr std::array<std::string_view, lung_region_count + volume::lobe_count> names{
        "both lungs",        "left lung",        "right lung",        "left upper third",
        "left middle third", "left lower third", "right upper third", "right middle third",
        "right lower third", "left upper lobe",  "left lower lobe",   "right upper lobe",
        "right middle lobe", "right lower lobe"};
    if (static_cast<std::size_t>(region) >= names.size())
        throw std::invalid_argument("name_of: there is no such region");
    return names[static_cast<std::size_t>(region)];
}

/// One region's row.
struct region_involvement : involvement_measures {
    lung_region region = lung_region::both;
};

/// One row for each region, in the order of `lung_region`.
struct involvement_table {
    std::array<region_involvement, lung_region_count> rows{};
    /// The five lobes where the study came with a map of them or they were estimated, else empty.
    std::vector<region_involvement> lobes;
    /// Whether the lobes were estimated (`lungs::lobes`).
    bool lobes_estimated = false;
    /// The segments by their labels from 1 where the study came with a map of them, else empty.
    std::vector<involvement_measures> segments;

    /// The row of a region. Throws `std::invalid_argument` for a lobe where the table has none.
    [[nodiscard]] const region_involvement& operator[](lung_region region) const;
    /// Opacity of both lungs as a fraction of their volume, 0..1; what the severity stages take.
    [[nodiscard]] double opacity_fraction() const { return rows[0].opacity_percent / 100.0; }
};

} // namespace groundglass::quantification

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using involvement_table [[deprecated("groundglass::quantification::involvement_table")]] =
    quantification::involvement_table;
using lung_region [[deprecated("groundglass::quantification::lung_region")]] = quantification::lung_region;
using quantification::lung_region_count;
using quantification::name_of;
using region_involvement [[deprecated("groundglass::quantification::region_involvement")]] =
    quantification::region_involvement;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/involvement_table.hpp>
#endif
