#pragma once

#include <groundglass/volume/geometry.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
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

namespace detail {

inline constexpr std::string_view ct_image_class = "1.2.840.10008.5.1.4.1.1.2";
inline constexpr std::string_view enhanced_ct_class = "1.2.840.10008.5.1.4.1.1.2.1";
inline constexpr std::string_view legacy_enhanced_ct_class = "1.2.840.10008.5.1.4.1.1.2.2";
/// Whether a SOP class is this one or one below it, as Enhanced CT lies below CT.
inline bool of_class(std::string_view sop, std::string_view parent) {
    return sop.substr(0, parent.size()) == parent &&
           (sop.size() == parent.size() || sop[parent.size()] == '.');
}

inline constexpr std::string_view secondary_capture_class = "1.2.840.10008.5.1.4.1.1.7";

/// `2`, `0.625`, `-120.1`: at most `digits` decimals, no trailing zeros.
inline std::string decimal(double value, int digits = 3) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    std::string result = text;
    if (result.find('.') != std::string::npos) {
        result.erase(result.find_last_not_of('0') + 1);
        if (result.back() == '.') result.pop_back();
    }
    return result == "-0" ? "0" : result;
}

/// `1 slice`, `3 slices`.
inline std::string counted(std::size_t n, std::string_view one) {
    return std::to_string(n) + ' ' + std::string(one) + (n == 1 ? "" : "s");
}

/// A UID with anything but digits and dots taken out, so that nothing else can reach a message through it.
inline std::string uid_text(std::string_view uid) {
    std::string result;
    for (const char c : uid.substr(0, 64))
        if ((c >= '0' && c <= '9') || c == '.') result += c;
    return result.empty() ? "(without UID)" : result;
}

/// A DICOM code such as `MR`: capitals, digits, spaces and underscores, at most 16.
inline std::string code_text(std::string_view code) {
    std::string result;
    for (const char c : code.substr(0, 16))
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_') result += c;
    return result.empty() ? "(unreadable)" : result;
}

/// The words of Image Type, whose values hold several in many scanners' files: `CSA MPR`, `DOSE_INFO`.
inline std::vector<std::string> image_type_words(const slice_header& header) {
    std::vector<std::string> words(1);
    for (const auto& value : header.image_type) {
        for (const char c : value) {
            if (c == ' ' || c == '_' || c == '-')
                words.emplace_back();
            else
                words.back() += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        }
        words.emplace_back();
    }
    return words;
}

/// Whether Image Type holds one of the words, whole, or two of its words in a row make one: `MIN_IP`.
inline bool image_type_says(const slice_header& header, std::initializer_list<std::string_view> words) {
    const auto found = image_type_words(header);
    for (std::size_t i = 0; i < found.size(); ++i)
        for (const auto word : words)
            if (found[i] == word || (i + 1 < found.size() && found[i] + found[i + 1] == word)) return true;
    return false;
}

/// True for frames whose values are not those of one place: Derived Pixel Contrast and Volume Based
/// Calculation Technique of DICOM PS3.3 C.8.16.1.4 and C.8.16.1.6, which readers give among the values of
/// Image Type.
inline bool is_combined(const slice_header& header) {
    constexpr std::string_view combined[] = {"MAXIMUM",   "MINIMUM",        "ADDITION",      "SUBTRACTION",
                                             "DIVISION",  "MULTIPLICATION", "STD_DEVIATION", "QUANTITY",
                                             "MAX_IP",    "MIN_IP",         "VOLUME_RENDER", "SURFACE_RENDER",
                                             "CURVED_MPR"};
    return std::any_of(header.image_type.begin(), header.image_type.end(), [&](const std::string& value) {
        return std::find(std::begin(combined), std::end(combined), value) != std::end(combined);
    });
}

} // namespace detail

/// True for images computed from others (Image Type DERIVED) that still hold a Hounsfield value a voxel. They
/// are used only where no original series is there, or when asked for by UID.
[[nodiscard]] inline bool is_derived(const slice_header& header) {
    return !header.image_type.empty() && header.image_type.front() == "DERIVED";
}

/// True for planes cut out of other slices (MPR, reformats). Axial ones are read as any derived series is,
/// others only when asked for by UID.
[[nodiscard]] inline bool is_reformatted(const slice_header& header) {
    return detail::image_type_says(header, {"MPR", "REFORMAT", "REFORMATTED", "RESAMPLED"});
}

/// True where Image Type says that the pixels show no section: MIP, MinIP, volume rendering, a screen, a dose
/// report; and for frames that combine several images otherwise than by a mean. An average of slices is a
/// section. Words are compared whole, value by value.
[[nodiscard]] inline bool is_projection(const slice_header& header) {
    if (header.frame > 0 && detail::is_combined(header)) return true;
    return detail::image_type_says(header, {"MIP", "MINIP", "MAXIP", "MAXIMUMIP", "MINIMUMIP", "PROJECTION",
                                            "RAYSUM", "VRT", "VR", "RENDER", "RENDERING", "RENDERED", "SSD",
                                            "SCREEN", "SCREENSAVE", "SCREENSHOT", "CAPTURE", "DOSE"});
}

/// Why a slice can't be part of a chest CT in Hounsfield units, such as "modality MR" or "localizer"; empty
/// when it can. Without a Modality the SOP class decides; a slice with neither is not taken for a CT.
/// `is_projection` is not asked: that is a word in the header, which a user may know better.
[[nodiscard]] inline std::string why_not_ct(const slice_header& header) {
    using namespace detail;
    const std::string_view sop = header.sop_class_uid;
    if (!header.modality.empty() && header.modality != "CT") return "modality " + code_text(header.modality);
    if (of_class(sop, secondary_capture_class)) return "secondary capture";
    if (header.frame == 0 && header.number_of_frames > 1)
        return "multi-frame object of " + std::to_string(header.number_of_frames) +
               " frames, convert it to single-frame DICOM or NIfTI";
    if (!sop.empty() && !of_class(sop, ct_image_class)) return "not a CT image object";
    if (header.modality.empty() && sop.empty()) return "neither Modality nor SOP class given";
    if (header.rows == 0 || header.columns == 0) return "no pixels";
    if (header.samples_per_pixel != 1) return "colour image";
    if (header.photometric != "MONOCHROME2") return "photometric interpretation other than MONOCHROME2";
    if (header.bits_allocated < 12) return "8-bit image, which can't hold Hounsfield units";
    if (image_type_says(header, {"LOCALIZER", "SCOUT", "TOPOGRAM", "SCANOGRAM", "SURVIEW"}))
        return "localizer";
    if (!header.rescale_type.empty() && header.rescale_type != "HU" && header.rescale_type != "US")
        return "values are not in HU by their Rescale Type";
    return {};
}

} // namespace groundglass::reading
