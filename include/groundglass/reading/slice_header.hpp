#pragma once

#include <groundglass/volume/geometry.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace groundglass::reading {

/// What a DICOM slice says of itself, as far as `plan_series` needs it; whoever reads the files fills it in.
/// Nothing here names a patient. An absent attribute is an empty string or an empty optional.
struct slice_header {
    /// For the caller to find the file again; never printed, since archives name files after patients.
    std::string file;
    std::string study_uid;
    std::string series_uid;
    std::string instance_uid;
    /// Number of the frame in a multi-frame object, from 1; 0 where the file holds one image.
    std::uint32_t frame = 0;
    std::string sop_class_uid;
    std::string frame_of_reference_uid;
    std::string modality;
    /// The values of Image Type, such as `ORIGINAL`, `PRIMARY`, `AXIAL`.
    std::vector<std::string> image_type;
    std::string photometric = "MONOCHROME2";
    std::string convolution_kernel;
    /// Such as `HFS`: head first, supine.
    std::string patient_position;
    std::string rescale_type;
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::uint32_t bits_allocated = 16;
    std::uint32_t samples_per_pixel = 1;
    std::uint32_t number_of_frames = 1;
    /// LPS, of the centre of the first voxel.
    std::optional<volume::vector3> position;
    /// Unit vector of one step to the next column, then of one step to the next row.
    std::optional<std::array<double, 6>> orientation;
    /// Distance of rows, then of columns.
    std::optional<std::array<double, 2>> pixel_spacing;
    std::optional<double> slice_location;
    std::optional<double> slice_thickness;
    std::optional<double> spacing_between_slices;
    std::optional<double> gantry_tilt_degrees;
    std::optional<double> rescale_slope;
    std::optional<double> rescale_intercept;
    std::optional<int> instance_number;
    std::optional<int> acquisition_number;
    std::optional<int> temporal_position;
    /// UID that the parts of a multi-frame object share which was split over several files, the part's
    /// number, from 1, and how many parts there are.
    std::string concatenation_uid;
    std::optional<int> concatenation_part;
    std::optional<int> concatenation_parts;
    /// Acquisition DateTime, or Acquisition Date and Time joined, as stored; compared, never printed.
    std::string acquisition_time;
    /// Compressed with loss at any time.
    bool lossy = false;
    /// What the reader found wrong with the file, such as "its compressed voxels are cut off"; empty when
    /// nothing.
    std::string damage;

    friend bool operator==(const slice_header&, const slice_header&) = default;
};

/// True for images computed from others (Image Type DERIVED) that still hold a Hounsfield value a voxel. They
/// are used only where no original series is there, or when asked for by UID.
[[nodiscard]] inline bool is_derived(const slice_header& header) {
    return !header.image_type.empty() && header.image_type.front() == "DERIVED";
}

/// True for planes cut out of other slices (MPR, reformats). Axial ones are read as any derived series is,
/// others only when asked for by UID.
[[nodiscard]] bool is_reformatted(const slice_header& header);

/// True where Image Type says that the pixels show no section: MIP, MinIP, volume rendering, a screen, a dose
/// report; and for frames that combine several images otherwise than by a mean. An average of slices is a
/// section. Words are compared whole, value by value.
[[nodiscard]] bool is_projection(const slice_header& header);

/// Why a slice can't be part of a chest CT in Hounsfield units, such as "modality MR" or "localizer"; empty
/// when it can. Without a Modality the SOP class decides; a slice with neither is not taken for a CT.
/// `is_projection` is not asked: that is a word in the header, which a user may know better.
[[nodiscard]] std::string why_not_ct(const slice_header& header);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using reading::is_derived;
using reading::is_projection;
using reading::is_reformatted;
using slice_header [[deprecated("groundglass::reading::slice_header")]] = reading::slice_header;
using reading::why_not_ct;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/slice_header.hpp>
#endif
