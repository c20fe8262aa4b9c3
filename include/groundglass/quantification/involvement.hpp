#pragma once

#include <groundglass/quantification/involvement_by_label.hpp>
#include <groundglass/quantification/involvement_measures.hpp>
#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/volume/lesion_ct.hpp>
#include <groundglass/volume/lung_regions.hpp>

namespace groundglass::quantification {

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

} // namespace groundglass::quantification

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using involvement [[deprecated("groundglass::quantification::involvement")]] = quantification::involvement;
using involvement_options [[deprecated("groundglass::quantification::involvement_options")]] =
    quantification::involvement_options;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/involvement.hpp>
#endif
