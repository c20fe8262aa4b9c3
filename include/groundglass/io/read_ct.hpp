#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/ct_volume.hpp>

#include <filesystem>
#include <string>

namespace groundglass::io {

struct read_options {
    /// UID of the DICOM series to take; empty for the rule of `plan_series`.
    std::string series_uid;
};

/// Reads a chest CT as int16 Hounsfield units, axial, from feet to head: a folder of DICOM files (searched
/// through and through, in any order, with any names), one DICOM file, or a NIfTI (single or a
/// pair), NRRD or MetaImage file. DICOM goes through `plan_series`, all values through `check_hounsfield`;
/// what they mended is in `notes()`, with `dicomdir_ignored`, `files_ignored` and, for volume files, the
/// notes of `read_header`. While slices are decoded the process's standard error is held, one decoding at a
/// time, because decoders say there alone that a stream is damaged; what else they print becomes the note
/// `decoder_message`.
///
/// Throws `format_error`, naming the path as given and never a file inside a folder, for everything that
/// can't be read or is no CT in HU. Cost: a second for 150 slices of 512 x 512 in JPEG Lossless; memory 1.1
/// times the volume for axial images of 16-bit integers.
[[nodiscard]] GROUNDGLASS_EXPORT volume::ct_volume read_ct(const std::filesystem::path& path,
                                                           const read_options& options = {});

} // namespace groundglass::io
