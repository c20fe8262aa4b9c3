#pragma once

#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/quantification/involvement_uncertainty.hpp>
#include <groundglass/quantification/measure_change.hpp>
#include <groundglass/quantification/other_breath.hpp>
#include <groundglass/stage.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace groundglass::quantification {

/// The measures that are compared, in the order of the arrays of `region_change`. The last two are those of
/// the second time at the breath of the first.
inline constexpr std::array<std::string_view, 8> changed_measures{
    "lung_ml",         "ground_glass_ml",      "consolidation_ml",     "opacity_ml",
    "opacity_percent", "high_opacity_percent", "opacity_ml_at_breath", "opacity_percent_at_breath"};

/// One patient measured at two times. Uncertainties are empty where nothing is calibrated.
struct measured_twice {
    involvement_table first, second;
    uncertainty_table first_doubt, second_doubt;
};

/// A region's measures at one time, by `changed_measures`.
using region_measures = std::array<bounded_measure, changed_measures.size()>;

/// One region's changes, all by `changed_measures`.
struct region_change {
    lung_region region = lung_region::both;
    region_measures first{}, second{};
    /// NaN where the region has no lung at one of the times, and of the last two where no breath gives the
    /// lung that volume.
    std::array<measure_change, changed_measures.size()> changes{};
};

/// One row for each region that both tables have.
struct change_table {
    std::vector<region_change> rows;
};

/// What counts as no change: a difference up to the larger of an absolute and a relative part.
struct repeatability_options {
    double volume_ml = 10;       ///< of volumes
    double percent_points = 0.5; ///< of percentages
    double relative = 0.1;       ///< of the mean of both values

    friend bool operator==(const repeatability_options&, const repeatability_options&) = default;

    /// The largest difference between two values that counts as none.
    [[nodiscard]] double limit(double first, double second, bool percent) const;
};

struct involvement_change_options {
    measure_change_options change{};
    repeatability_options repeatability{};

    friend bool operator==(const involvement_change_options&, const involvement_change_options&) = default;
};

/// `measured_twice` → `change_table`: how much ground glass and consolidation have changed, in every region.
///
/// The volume of lung has no interval, so neither has its change. Intervals must be those of the coverage in
/// the options. O(regions), about 2 ms each.
class involvement_change : public pipeable {
public:
    /// Throws `std::invalid_argument` as `change_between` does, and for a negative repeatability.
    explicit involvement_change(involvement_change_options options = {});

    /// Throws `std::invalid_argument` where intervals have another coverage than the options.
    [[nodiscard]] change_table operator()(const measured_twice& patient) const;
    [[nodiscard]] const involvement_change_options& options() const { return options_; }

    friend bool operator==(const involvement_change& a, const involvement_change& b) {
        return a.options_ == b.options_;
    }

private:
    involvement_change_options options_;
};

} // namespace groundglass::quantification

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/involvement_change.hpp>
#endif
