#pragma once

#include <groundglass/segmentation/device.hpp>
#include <groundglass/segmentation/preset.hpp>

#include <cstddef>

namespace groundglass::segmentation {

/// How the answers of networks become lesions: what the stages that find them have in common.
struct lesion_options {
    /// Slices computed at a time, each on one thread; 0 means one for each core the process may use.
    int threads = 0;
    /// See `segmenter_options`.
    bool bfloat16 = false;
    /// A voxel is a lesion where the probabilities of ground glass and consolidation add up to this, 0 < t
    /// <= 1.
    double threshold = 0.5;
    /// The probabilities of a slice are averaged with those of slices up to this far away, 0 to 20 mm; 0
    /// takes each slice for itself. A lesion is seen in several thin slices, a false one often in one or two:
    /// on 2 mm slices and with the bundled weights, 0, 2.5 and 4.5 mm find opacity in 0.22, 0.06 and 0.008 %
    /// of a healthy study's lungs, in 2.46, 2.33 and 2.25 % of a COVID-19 study's, and agree with the
    /// radiologists on its slices with an AUC of 0.84, 0.87 and 0.87.
    double average_mm = 4.5;
    /// Connected lesions (26 neighbours, both classes together) smaller than this, in ml, are dropped. What
    /// is left in healthy lungs is mostly below; it is a cube of 4 mm.
    double minimum_lesion_ml = 0.05;
    /// Ways in which each model looks at a slice, whose answers are averaged: 1 as it is, 2 also mirrored
    /// left to right, 4 all flips, 8 all flips and quarter turns. Costs that many times the networks' time; a
    /// network that was trained with flips and turns gains a little, and its answer no longer depends on how
    /// the patient lay.
    int views = 1;
    /// The longer edge, in pixels, that slices are resized to for networks that take a window; 0 takes what
    /// each one's contract says, else 64 to 1024. Published networks have a size of their own.
    std::size_t long_edge = 0;
    /// Keeps both probabilities of each lung voxel, one byte each.
    bool keep_probabilities = false;
    /// See `segmenter_options`.
    segmentation::device device = segmentation::device::automatic;

    /// The options that a preset stands for; its networks are `settings_of(value).models`.
    [[nodiscard]] static lesion_options of(preset value) {
        lesion_options options;
        options.views = settings_of(value).views;
        options.long_edge = settings_of(value).long_edge;
        return options;
    }

    friend bool operator==(const lesion_options&, const lesion_options&) = default;
};

} // namespace groundglass::segmentation
