#pragma once

#include <groundglass/quantification/involvement.hpp>
#include <groundglass/quantification/involvement_measures.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace groundglass::quantification {

/// What is known of one measured quantity: its value at each level, and the central interval.
struct quantile_curve {
    /// One a level, never falling: with the level's probability the true value is at most this.
    std::vector<double> values;
    /// The central interval of the stage's coverage; NaN where nothing is calibrated.
    double lower = std::numeric_limits<double>::quiet_NaN();
    double upper = std::numeric_limits<double>::quiet_NaN();
};

/// One region's row, quantities as in `involvement_measures`.
struct region_uncertainty {
    lung_region region = lung_region::both;
    quantile_curve ground_glass_ml;
    quantile_curve consolidation_ml;
    quantile_curve opacity_ml;
    quantile_curve opacity_percent;
    quantile_curve high_opacity_percent;
};

/// How sure an `involvement_table` is.
struct uncertainty_table {
    /// Ascending between 0 and 1; empty where nothing is calibrated.
    std::vector<double> levels;
    /// The probability that the central intervals are meant to have.
    double coverage = 0;
    /// In the order of the table's rows, and of its lobes.
    std::array<region_uncertainty, lung_region_count> rows{};
    std::vector<region_uncertainty> lobes;
    /// Members of the ensemble, that is models times views.
    std::size_t members = 1;
    /// Standard deviation (n - 1) over the members of the PO of both lungs that each finds by itself; NaN for
    /// a single member or without lung.
    double opacity_percent_sd = std::numeric_limits<double>::quiet_NaN();

    [[nodiscard]] bool calibrated() const { return !levels.empty(); }
    /// Opacity of both lungs as a fraction of their volume at each level; with `levels` what
    /// `severity` makes probabilities of grades of.
    [[nodiscard]] std::vector<double> opacity_fractions() const;
};

/// The value at a level between two given ones, by straight lines. `levels` ascend; `values` has one a level.
/// Throws `std::invalid_argument` for a level beyond the first or the last.
[[nodiscard]] double quantile_at(std::span<const double> levels, std::span<const double> values,
                                 double level);

struct involvement_uncertainty_options {
    high_opacity_rule high_opacity = high_opacity_rule::consolidation;
    /// Of the central intervals, above 0 and below 1.
    double coverage = 0.9;

    friend bool operator==(const involvement_uncertainty_options&,
                           const involvement_uncertainty_options&) = default;
};

/// `lesion_ct` → `uncertainty_table`: between which values the volumes and percentages of an
/// `involvement_table` lie.
///
/// The segmentation has found nested lesions, one for each level of the models' calibration (see
/// `volume_quantiles`). Each quantity is measured on each of them, by the counts that `involvement` uses.
/// Lesions of a higher level contain those of a lower one, so values never fall. An interval bounds how much
/// is infected; the lung mask, and the split of what is infected into ground glass and consolidation, are
/// taken as they are. The calibration comes from single slices: errors of a study's slices that are
/// independent of one another partly cancel in its sum, which the interval does not count on.
///
/// Without a calibration all curves are empty and all bounds NaN. Throws `std::invalid_argument` where the
/// calibrated levels do not reach the coverage. Two passes over the voxels, another for lobes.
class involvement_uncertainty : public pipeable {
public:
    /// Throws `std::invalid_argument` for a coverage out of range.
    explicit involvement_uncertainty(involvement_uncertainty_options options = {});

    [[nodiscard]] uncertainty_table operator()(const volume::lesion_ct& study) const;
    [[nodiscard]] const involvement_uncertainty_options& options() const { return options_; }

    friend bool operator==(const involvement_uncertainty& a, const involvement_uncertainty& b) {
        return a.options_ == b.options_;
    }

private:
    involvement_uncertainty_options options_;
};

} // namespace groundglass::quantification

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using involvement_uncertainty [[deprecated("groundglass::quantification::involvement_uncertainty")]] =
    quantification::involvement_uncertainty;
using involvement_uncertainty_options
    [[deprecated("groundglass::quantification::involvement_uncertainty_options")]] =
        quantification::involvement_uncertainty_options;
using quantification::quantile_at;
using quantile_curve [[deprecated("groundglass::quantification::quantile_curve")]] =
    quantification::quantile_curve;
using region_uncertainty [[deprecated("groundglass::quantification::region_uncertainty")]] =
    quantification::region_uncertainty;
using uncertainty_table [[deprecated("groundglass::quantification::uncertainty_table")]] =
    quantification::uncertainty_table;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/involvement_uncertainty.hpp>
#endif
