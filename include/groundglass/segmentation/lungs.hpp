#pragma once

#include <groundglass/config.hpp>
#include <groundglass/segmentation/device.hpp>
#include <groundglass/segmentation/progress.hpp>
#include <groundglass/segmentation/segmenter.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/lung_ct.hpp>

#include <filesystem>
#include <memory>

namespace groundglass::segmentation {

struct lungs_options {
    /// A network of the kind of `lungs-lite`: its contract has a `stack`, and its one class is `lung`.
    std::filesystem::path model;
    /// Slices computed at a time, each on one thread; 0 means one for each core the process may use.
    int threads = 0;
    /// See `segmenter_options`.
    bool bfloat16 = false;
    /// A voxel is lung where its probability reaches this, 0 < t < 1.
    double threshold = 0.5;
    /// See `segmenter_options`.
    segmentation::device device = segmentation::device::automatic;

    friend bool operator==(const lungs_options&, const lungs_options&) = default;
};

/// The stage from a CT to its lungs by a network, as a radiologist would outline them: `lungs::lung_mask` is
/// the one without.
///
/// To the lungs belong consolidation, atelectasis, masses and the vessels within the outline; trachea, main
/// bronchi, effusion, gas of stomach, bowel, oesophagus and soft tissue don't.
///
/// The CT is resampled to the cells of the model's contract (`lungs-lite`: 3 mm slices, 2 mm pixels), the
/// body cut out, and each slice shown to the network with its neighbours; the probabilities are interpolated
/// back to the CT's own grid and cut at the threshold. Where they are in doubt (0.2 to 0.9) within 4 mm both
/// of aerated lung and of what is none, the HU decide: lung is below -200, in pixels of 4 mm below -450. The
/// largest part is kept, and the second where it is no speck; holes are filled; left and right are told by
/// `lungs::find_sides`.
///
/// Notes: `lungs_by_network`, which names the model; `lungs_separated`, `lungs_cut_at_middle` and
/// `lung_side_uncertain` on the sides; `device_fallback` as of `ensemble`; those of `lungs::assess_lungs`. An
/// empty mask is a warning.
///
/// Cost, 150 slices of 512 x 512 (`benchmarks/lungs.py`): about 2 s of one core, which the threads share.
/// Memory beside the CT and the mask: about 100 MB.
class GROUNDGLASS_EXPORT lungs : public pipeable {
public:
    using takes = volume::ct_volume;
    using gives = volume::lung_ct;

    /// Loads the model. Throws `std::invalid_argument` for an option out of range, `model_error` for a model
    /// that can't be used (see `segmenter`) or does not find lungs.
    explicit lungs(const lungs_options& options);

    [[nodiscard]] const lungs_options& options() const;
    [[nodiscard]] const segmenter& model() const;

    /// Throws `model_error` when the network fails.
    [[nodiscard]] volume::lung_ct operator()(const volume::ct_volume& ct) const { return run(ct); }

    /// The same with news of the progress, in slices of the model's grid. Throws `cancelled` when `progress`
    /// returns false, and what `progress` throws.
    [[nodiscard]] volume::lung_ct run(const volume::ct_volume& ct,
                                      const progress_function& progress = {}) const;

    /// Two are equal when their options are.
    friend bool operator==(const lungs& a, const lungs& b) { return a.options() == b.options(); }

private:
    struct impl;
    std::shared_ptr<const impl> impl_;
};

} // namespace groundglass::segmentation
