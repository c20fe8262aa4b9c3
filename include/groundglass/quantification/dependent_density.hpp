#pragma once

#include <groundglass/array.hpp>
#include <groundglass/note.hpp>
#include <groundglass/quantification/dependent_layer.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/volume/lesion_ct.hpp>
#include <groundglass/volume/patient_position.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace groundglass::quantification {

/// The opacity of one part of the lungs that lies as dependent density does; NaN where it is not told apart.
struct dependent_measures {
    double dependent_ml = std::numeric_limits<double>::quiet_NaN();
    /// PO without it: 100 (opacity - dependent) / lung. NaN as well where the part has no lung.
    double opacity_percent_without_dependent = std::numeric_limits<double>::quiet_NaN();
};

/// One region's row.
struct region_dependent : dependent_measures {
    lung_region region = lung_region::both;
};

/// Dependent density beside the involvement: one row for each region, those of an `involvement_table` in the
/// same order.
struct dependent_table {
    std::array<region_dependent, lung_region_count> rows{};
    std::vector<region_dependent> lobes;
    std::vector<dependent_measures> segments;
    /// How the patient lay.
    volume::patient_position position = volume::patient_position::unknown;
    /// Why it is not told apart: `position_unknown`, `lies_on_side`, `one_lung` or `no_free_lung`; empty
    /// where it is.
    std::string left_out;
    /// Median HU of the lung without opacity; nothing where there is none.
    std::optional<int> lung_level_hu;
    /// 1 where a voxel belongs to it, 0 elsewhere; null where it is not told apart.
    shared_array3<std::uint8_t> layer;
    /// `dependent_density`, what was found; `dependent_density_left_out`, why it is not told apart.
    groundglass::notes notes;

    /// The row of a region. Throws `std::invalid_argument` for a lobe where the table has none.
    [[nodiscard]] const region_dependent& operator[](lung_region region) const;
};

struct dependent_density_options {
    /// How the patient lay, where the CT does not say or says it wrong; `unknown` goes by the CT.
    volume::patient_position position = volume::patient_position::unknown;
    dependent_layer_options layer = {};
    friend bool operator==(const dependent_density_options&, const dependent_density_options&) = default;
};

/// Of the lung, what must be free of opacity for its level to be known.
inline constexpr double least_free_lung = 0.1;

/// `lesion_ct` → `dependent_table`: how much of the opacity lies as dependent density does, and the
/// percentage of opacity without it. Lung that its own weight and blood make denser, at the back of a supine
/// patient, is no disease, and networks call some of it ground glass; a pneumonia may lie there as well. So
/// it is told apart and never taken away: involvement and grades stay what they are.
///
/// The layer is that of `dependent_layer`, above the median HU of the lung without opacity: at the back of a
/// supine patient, at the front of a prone one. Not told apart, with a note, where the position is not known,
/// the patient lay on a side (the lungs then differ), one lung is missing, or less than `least_free_lung` of
/// the lungs is free.
///
/// Cost: a pass over the lungs for their level, `dependent_layer`, and a pass for the rows, another for each
/// map; a byte a voxel for the layer. Throws what `dependent_layer` throws.
class dependent_density : public pipeable {
public:
    using takes = volume::lesion_ct;
    using gives = dependent_table;

    explicit dependent_density(dependent_density_options options = {}) : options_(options) {}

    [[nodiscard]] dependent_table operator()(const volume::lesion_ct& study) const;
    [[nodiscard]] const dependent_density_options& options() const { return options_; }

    friend bool operator==(const dependent_density& a, const dependent_density& b) {
        return a.options_ == b.options_;
    }

private:
    dependent_density_options options_;
};

} // namespace groundglass::quantification

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/dependent_density.hpp>
#endif
