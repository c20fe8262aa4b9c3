#pragma once

/// @file
/// What readers have to settle of multi-frame CT objects (Enhanced CT and Legacy Converted Enhanced CT, DICOM
/// PS3.3 A.38 and A.70) before `plan_series` takes every frame for a slice.

#include <groundglass/note.hpp>
#include <groundglass/reading/slice_header.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace groundglass::reading {

/// More than any object has; a header that claims more is not believed.
inline constexpr std::uint32_t most_frames = 65536;

/// Whether a file is to be read frame by frame: a CT that describes its frames by functional groups. `file`
/// is what the file says of itself outside of them, `described` the number of items of its Per-Frame
/// Functional Groups Sequence. Other multi-frame files are what `why_not_ct` says.
[[nodiscard]] bool holds_frames(const slice_header& file, std::size_t described);

/// What is wrong with the frames that a file claims and describes, as `slice_header::damage` says it; empty
/// when nothing is.
[[nodiscard]] std::string frame_count_damage(const slice_header& file, std::size_t described);

/// What is wrong with the places of a file's frames: some have none, and would be set aside without a gap
/// where they lie at an end. Empty when nothing is, and where no frame has one, which `stack_slices` refuses.
[[nodiscard]] std::string frame_place_damage(std::span<const slice_header> frames);

/// The acquisition number of every frame of a file: as given, or by Stack ID where the frames form several
/// stacks of one acquisition number. A Stack ID that is a number stays that number, others are counted in the
/// order in which they come. Both lists are as long as the file has frames; O(n log n).
[[nodiscard]] std::vector<std::optional<int>> frame_acquisitions(std::vector<std::optional<int>> acquisitions,
                                                                 std::span<const std::string> stack_ids);

/// What is to be added to `slice_header::damage` where parts of a concatenation, an object that was split
/// over several files, are not there: one text for each header, empty but for the first header of such an
/// object. O(n log n).
[[nodiscard]] std::vector<std::string> concatenation_damage(std::span<const slice_header> headers);

/// Notes on the slices of a chosen series: `concatenation_open` where the parts of an object do not say how
/// many they are.
[[nodiscard]] notes concatenation_notes(std::span<const slice_header> slices);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using reading::concatenation_damage;
using reading::concatenation_notes;
using reading::frame_acquisitions;
using reading::frame_count_damage;
using reading::frame_place_damage;
using reading::holds_frames;
using reading::most_frames;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/multi_frame.hpp>
#endif
