#pragma once

#include <groundglass/config.hpp>
#include <groundglass/reading/dicom_uids.hpp>
#include <groundglass/reading/slice_header.hpp>
#include <groundglass/reading/wording.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string_view>

namespace groundglass::reading {

namespace detail {

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

GROUNDGLASS_INLINE bool is_reformatted(const slice_header& header) {
    return detail::image_type_says(header, {"MPR", "REFORMAT", "REFORMATTED", "RESAMPLED"});
}

GROUNDGLASS_INLINE bool is_projection(const slice_header& header) {
    if (header.frame > 0 && detail::is_combined(header)) return true;
    return detail::image_type_says(header, {"MIP", "MINIP", "MAXIP", "MAXIMUMIP", "MINIMUMIP", "PROJECTION",
                                            "RAYSUM", "VRT", "VR", "RENDER", "RENDERING", "RENDERED", "SSD",
                                            "SCREEN", "SCREENSAVE", "SCREENSHOT", "CAPTURE", "DOSE"});
}

GROUNDGLASS_INLINE std::string why_not_ct(const slice_header& header) {
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
