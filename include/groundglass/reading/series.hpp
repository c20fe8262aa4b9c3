#pragma once

#include <groundglass/error.hpp>
#include <groundglass/note.hpp>
#include <groundglass/reading/slice_header.hpp>
#include <groundglass/reading/slice_stack.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/reconstruction.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace groundglass::reading {

struct series_options {
    /// UID of the series to take; empty for the rule of `plan_series`. Where one UID holds several stacks,
    /// `UID/2` names the second.
    std::string series_uid;
    /// How far, in parts of the slice spacing, a slice may lie off the even grid. 0..0.5.
    double position_tolerance = 0.1;
};

/// A stack of slices that was found but not taken.
struct other_series {
    /// As `series_options::series_uid` takes it.
    std::string uid;
    std::size_t slices = 0;
    /// Why it was not taken: "modality MR", "localizer", "fewer slices", ...
    std::string reason;

    friend bool operator==(const other_series&, const other_series&) = default;
};

/// Which slices make the volume, in which order, and where it lies.
struct series_plan {
    std::string series_uid;
    /// Indices into the headers, along the slice axis; towards the head for axial slices.
    std::vector<std::size_t> order;
    /// As acquired: `to_axial` turns sagittal, coronal and flipped volumes.
    volume::geometry grid;
    std::vector<other_series> others;
    notes remarks;
    /// As one of the slices says.
    volume::reconstruction made;
};

/// Decides from slice headers alone which slices make the CT volume and in which order: the gate that every
/// DICOM reader of the library goes through.
///
/// Slices that are no CT in Hounsfield units (`why_not_ct`), or whose Image Type calls them a projection, are
/// set aside. The others are parted by geometry: slices of one study, plane, matrix and pixel spacing that
/// complete each other to one even stack are one scan, whatever a single field of their headers says. They
/// are told apart only where positions repeat or are uneven, and where two independent fields agree that an
/// even stack is several whole ones (two passes, shifted by a part of a step). Images that are there twice
/// are dropped. Among the scans the rule takes: original before derived; axial before other planes; then most
/// slices; then thinner slices; then the smaller UID. Reformats that are not axial are taken only by UID.
///
/// Whatever is left out is asked whether it would continue or fill the scan taken: if so, or if a slice
/// belongs to it but for one field, the study is refused with a sentence that tells both halves, so that a
/// fragment is never taken for the whole. The scan goes through `stack_slices`, and what that refuses is
/// refused, as is one with a damaged file: no other is taken in its place.
///
/// A series that is named is taken against all these preferences, with a warning, and so is a part that is
/// named (`UID/2`); only what is no CT stays refused.
///
/// Notes: those of `stack_slices`, and `series_chosen`, `several_studies`, `mixed_series`, `slices_joined`,
/// `series_continued`, `duplicate_slices`, `derived_series`, `projection_series`, `modality_missing`. Throws
/// `format_error` where no scan fits, the named one is not there or what it is can't be told, and
/// `std::invalid_argument` for a tolerance out of range. O(n (log n + number of scans)).
[[nodiscard]] series_plan plan_series(std::span<const slice_header> headers,
                                      const series_options& options = {});

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using other_series [[deprecated("groundglass::reading::other_series")]] = reading::other_series;
using reading::plan_series;
using series_options [[deprecated("groundglass::reading::series_options")]] = reading::series_options;
using series_plan [[deprecated("groundglass::reading::series_plan")]] = reading::series_plan;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/series.hpp>
#endif
