#pragma once

#include <groundglass/reading/slice_header.hpp>
#include <groundglass/reading/wording.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace groundglass::reading::detail {

/// What can bear witness that two stacks of slices are two scans. Fields that a scanner changes together are
/// one witness; any single one may be rewritten or emptied on the way here and proves nothing.
enum class witness { series, frame_of_reference, image_type, kernel, acquisition, thickness, numbering };

struct scan_field {
    /// As the DICOM dictionary has it.
    std::string_view name;
    witness kind;
    std::string (*value)(const slice_header&);
};

inline std::string text_of(const std::optional<int>& value) { return value ? std::to_string(*value) : ""; }

inline std::string image_type_text(const slice_header& h) {
    std::string text;
    for (const auto& value : h.image_type) text += value + '\\';
    return text;
}

/// In the order in which they are believed where several part the slices equally well.
inline constexpr std::array<scan_field, 8> scan_fields{{
    {"Series Instance UID", witness::series, [](const slice_header& h) { return h.series_uid; }},
    {"Temporal Position Identifier", witness::acquisition,
     [](const slice_header& h) { return text_of(h.temporal_position); }},
    {"Acquisition Number", witness::acquisition,
     [](const slice_header& h) { return text_of(h.acquisition_number); }},
    {"Convolution Kernel", witness::kernel, [](const slice_header& h) { return h.convolution_kernel; }},
    {"Image Type", witness::image_type, &image_type_text},
    {"Frame of Reference UID", witness::frame_of_reference,
     [](const slice_header& h) { return h.frame_of_reference_uid; }},
    {"Slice Thickness", witness::thickness,
     [](const slice_header& h) { return h.slice_thickness ? decimal(*h.slice_thickness) : std::string(); }},
    {"Acquisition Time", witness::acquisition, [](const slice_header& h) { return h.acquisition_time; }},
}};

/// Fields that the slices of one volume share; one that differs makes another image, or is damaged.
inline constexpr std::array<std::pair<std::string_view, std::string (*)(const slice_header&)>, 10>
    volume_fields{{
        {"Study Instance UID", [](const slice_header& h) { return h.study_uid; }},
        {"Modality", [](const slice_header& h) { return h.modality; }},
        {"SOP Class UID", [](const slice_header& h) { return h.sop_class_uid; }},
        {"Rows", [](const slice_header& h) { return std::to_string(h.rows); }},
        {"Columns", [](const slice_header& h) { return std::to_string(h.columns); }},
        {"Samples per Pixel", [](const slice_header& h) { return std::to_string(h.samples_per_pixel); }},
        {"Photometric Interpretation", [](const slice_header& h) { return h.photometric; }},
        {"Bits Allocated", [](const slice_header& h) { return std::to_string(h.bits_allocated); }},
        {"Number of Frames",
         [](const slice_header& h) { return h.frame > 0 ? "1" : std::to_string(h.number_of_frames); }},
        {"Rescale Type", [](const slice_header& h) { return h.rescale_type; }},
    }};

/// A way of telling slices apart: the part of each member, numbered in the order of first appearance.
struct parting {
    std::string_view field;
    witness kind;
    std::vector<std::size_t> part_of;
    std::size_t parts = 0;

    [[nodiscard]] std::vector<std::vector<std::size_t>> split(std::span<const std::size_t> members) const {
        std::vector<std::vector<std::size_t>> result(parts);
        for (std::size_t i = 0; i < members.size(); ++i) result[part_of[i]].push_back(members[i]);
        return result;
    }
};

inline parting part_by(const scan_field& field, std::span<const slice_header> headers,
                       std::span<const std::size_t> members) {
    parting result{field.name, field.kind, {}, 0};
    std::map<std::string, std::size_t> seen;
    for (const auto i : members) {
        const auto [at, added] = seen.try_emplace(field.value(headers[i]), seen.size());
        result.part_of.push_back(at->second);
    }
    result.parts = seen.size();
    return result;
}

} // namespace groundglass::reading::detail
