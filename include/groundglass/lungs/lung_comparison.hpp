#pragma once

#include <groundglass/note.hpp>
#include <groundglass/volume/lung_ct.hpp>

namespace groundglass::lungs {

/// Millilitres by place in the chest.
struct ml_by_place {
    /// Less than 40 mm from the body's middle and above the lowest third: trachea, main bronchi, mediastinum.
    double middle = 0;
    /// In the third at the back: where dense lung and effusion lie.
    double back = 0;
    /// In the lowest third: diaphragm, stomach, colon.
    double below = 0;
    double elsewhere = 0;

    friend bool operator==(const ml_by_place&, const ml_by_place&) = default;
    [[nodiscard]] double sum() const { return middle + back + below + elsewhere; }
};

/// What two masks of the same lungs do not share.
struct lung_differences {
    ml_by_place only_first;
    ml_by_place only_second;

    friend bool operator==(const lung_differences&, const lung_differences&) = default;
};

/// Where two masks of the same CT differ by more than a rim.
///
/// Sides do not count. A voxel that one mask alone holds counts where a ball of 3 mm, or a voxel and its
/// neighbours, fits into what differs there, so that two outlines a voxel apart are no difference. It counts
/// for the first of the places in which it lies, in the order of `ml_by_place`; thirds are those of the box
/// around both masks. Both are looked at in steps of whole voxels of at most 2 mm, or of one voxel. Throws
/// `std::invalid_argument` for CTs of different shapes. Cost: about 0.1 s for 150 x 512 x 512.
[[nodiscard]] lung_differences compare_lungs(const volume::lung_ct& first, const volume::lung_ct& second);

/// How far the lungs of `segmentation::lungs` and of `lung_mask` usually differ, either way, in ml.
/// About twice the most that was found on the studies that docs/decisions/0020 names.
struct usual_differences {
    ml_by_place ml{70, 30, 90, 50};
};

/// The notes about lungs that a network found, held against those of `lung_mask`: a warning for each place
/// where they differ by more than the usual, `lung_masks_differ_middle`, `..._back`, `..._below` and
/// `..._elsewhere`, with the ml either way.
[[nodiscard]] notes assess_differences(const lung_differences& differences,
                                       const usual_differences& usual = {});

/// The lungs that a network found, with these notes. Where it found none and `lung_mask` did, the lungs are
/// those of the classical mask, with the warning `lungs_not_by_network`. Throws as `compare_lungs`.
[[nodiscard]] volume::lung_ct held_against(const volume::lung_ct& network, const volume::lung_ct& classical);

} // namespace groundglass::lungs

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/lung_comparison.hpp>
#endif
