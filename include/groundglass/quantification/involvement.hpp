#pragma once

#include <groundglass/quantification/involvement_by_label.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/volume/lung_regions.hpp>

#include <array>
#include <stdexcept>
#include <string>
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
    /// The five lobes where the study came with a map of them, else empty.
    std::vector<region_involvement> lobes;
    /// The segments by their labels from 1 where the study came with a map of them, else empty.
    std::vector<involvement_measures> segments;

    /// The row of a region. Throws `std::invalid_argument` for a lobe where the table has none.
    [[nodiscard]] const region_involvement& operator[](lung_region region) const {
        const auto place = static_cast<std::size_t>(region);
        if (place < rows.size()) return rows[place];
        if (place - rows.size() < lobes.size()) return lobes[place - rows.size()];
        throw std::invalid_argument("involvement_table: there is no row of region " + std::to_string(place));
    }
    /// Opacity of both lungs as a fraction of their volume, 0..1; what the severity stages take.
    [[nodiscard]] double opacity_fraction() const { return rows[0].opacity_percent / 100.0; }
};

struct involvement_options {
    high_opacity_rule high_opacity = high_opacity_rule::consolidation;
    friend bool operator==(const involvement_options&, const involvement_options&) = default;
};

/// `lesion_ct` → `involvement_table`: volumes in ml, percentage of opacity (PO), percentage of high opacity
/// (PHO; both over the lung's volume, as in Chaganti et al. 2020) and HU, for both lungs, each lung and each
/// third by height, and for lobes and segments where the lungs carry maps of them.
///
/// One pass over the voxels, another for each map; the sums are integers, so the thirds add up to the lungs
/// exactly and the order of the voxels does not matter. About 1 ns a voxel; no memory to speak of. Throws
/// nothing of its own.
class involvement : public pipeable {
public:
    using takes = volume::lesion_ct;
    using gives = involvement_table;

    explicit involvement(involvement_options options = {}) : options_(options) {}

    [[nodiscard]] involvement_table operator()(const volume::lesion_ct& study) const;
    [[nodiscard]] const involvement_options& options() const { return options_; }

    friend bool operator==(const involvement& a, const involvement& b) { return a.options_ == b.options_; }

private:
    involvement_options options_;
};

inline involvement_table involvement::operator()(const volume::lesion_ct& study) const {
    const auto zones = volume::zones_by_height(study.lungs());
    std::array<std::array<involvement_counts, 3>, 2> cells{}; // [side][third]

    for (std::size_t index = 0; index < zones.size(); ++index) {
        if (zones[index] == volume::lung_zone::none) continue;
        const auto hounsfield = slice_of(study.ct().hounsfield(), index);
        const auto lungs = slice_of(study.lungs(), index);
        const auto lesions = slice_of(study.lesions(), index);
        const auto third = static_cast<std::size_t>(zones[index]) - 1;
        for (std::size_t i = 0; i < lungs.size(); ++i)
            if (lungs[i] != 0)
                cells[lungs[i] - 1u][third].add(hounsfield[i], lesions[i], options_.high_opacity);
    }

    std::array<involvement_counts, lung_region_count> regions{};
    for (std::size_t side = 0; side < 2; ++side)
        for (std::size_t third = 0; third < 3; ++third) {
            const auto& cell = cells[side][third];
            regions[static_cast<std::size_t>(lung_region::both)] += cell;
            regions[static_cast<std::size_t>(lung_region::left) + side] += cell;
            regions[static_cast<std::size_t>(lung_region::left_upper) + 3 * side + third] = cell;
        }

    involvement_table table;
    const auto named = [](const involvement_measures& measures, std::size_t region) {
        return region_involvement{measures, static_cast<lung_region>(region)};
    };
    for (std::size_t r = 0; r < lung_region_count; ++r)
        table.rows[r] = named(regions[r].measures(study.ct().grid().voxel_ml()), r);
    if (const auto& lobes = study.with_lungs().lobes())
        for (const auto& measures :
             involvement_by_label(study, *lobes, volume::lobe_count, options_.high_opacity))
            table.lobes.push_back(named(measures, lung_region_count + table.lobes.size()));
    if (const auto& segments = study.with_lungs().segments())
        table.segments = involvement_by_label(study, *segments, volume::segment_count, options_.high_opacity);
    return table;
}

} // namespace groundglass::quantification
