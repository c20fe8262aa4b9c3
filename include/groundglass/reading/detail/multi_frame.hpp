#pragma once

#include <groundglass/config.hpp>
#include <groundglass/reading/dicom_uids.hpp>
#include <groundglass/reading/multi_frame.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace groundglass::reading {

GROUNDGLASS_INLINE bool holds_frames(const slice_header& file, std::size_t described) {
    const auto& sop = file.sop_class_uid;
    return described > 0 && (file.modality.empty() || file.modality == "CT") &&
           (sop == enhanced_ct_class || sop == legacy_enhanced_ct_class || sop == ct_image_class ||
            sop.empty());
}

GROUNDGLASS_INLINE std::string frame_count_damage(const slice_header& file, std::size_t described) {
    const auto claimed = std::to_string(file.number_of_frames);
    if (file.number_of_frames == 0 || file.number_of_frames > most_frames)
        return "its header claims " + claimed + " frames";
    if (described != file.number_of_frames)
        return "its functional groups describe " + std::to_string(described) +
               (described == 1 ? " frame" : " frames") + " where its header claims " + claimed;
    return {};
}

GROUNDGLASS_INLINE std::string frame_place_damage(std::span<const slice_header> frames) {
    const auto without = static_cast<std::size_t>(std::count_if(
        frames.begin(), frames.end(), [](const slice_header& frame) { return !frame.position; }));
    if (without == 0 || without == frames.size()) return {};
    return std::to_string(without) + " of its " + std::to_string(frames.size()) + " frames " +
           (without == 1 ? "has" : "have") + " no Image Position (Patient)";
}

GROUNDGLASS_INLINE std::vector<std::optional<int>>
frame_acquisitions(std::vector<std::optional<int>> acquisitions, std::span<const std::string> stack_ids) {
    const auto varies = [](const auto& list) {
        return std::any_of(list.begin(), list.end(), [&](const auto& one) { return one != list.front(); });
    };
    if (varies(acquisitions) || !varies(stack_ids)) return acquisitions;
    const bool numbers = std::all_of(stack_ids.begin(), stack_ids.end(), [](const std::string& id) {
        return !id.empty() && id.size() <= 9 && id.find_first_not_of("0123456789") == std::string::npos;
    });
    std::map<std::string_view, int> counted;
    for (std::size_t i = 0; i < acquisitions.size(); ++i) {
        const auto next = static_cast<int>(counted.size()) + 1;
        acquisitions[i] =
            numbers ? std::stoi(stack_ids[i]) : counted.emplace(stack_ids[i], next).first->second;
    }
    return acquisitions;
}

GROUNDGLASS_INLINE std::vector<std::string> concatenation_damage(std::span<const slice_header> headers) {
    struct whole {
        std::size_t first = 0;
        int parts = 0;
        std::set<int> found;
    };
    std::map<std::string_view, whole> objects;
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const auto& h = headers[i];
        if (h.concatenation_uid.empty() || !h.concatenation_part) continue;
        auto& object = objects.try_emplace(h.concatenation_uid, whole{i, 0, {}}).first->second;
        object.found.insert(*h.concatenation_part);
        object.parts = std::max({object.parts, h.concatenation_parts.value_or(0), *h.concatenation_part});
    }
    std::vector<std::string> result(headers.size());
    for (const auto& [uid, object] : objects)
        if (const auto there = object.found.size(); there < static_cast<std::size_t>(object.parts))
            result[object.first] = "it is one of the " + std::to_string(object.parts) +
                                   " parts of a concatenation, of which " +
                                   (there == 1 ? "1 is" : std::to_string(there) + " are") + " there";
    return result;
}

GROUNDGLASS_INLINE notes concatenation_notes(std::span<const slice_header> slices) {
    const bool open = std::any_of(slices.begin(), slices.end(), [](const slice_header& h) {
        return !h.concatenation_uid.empty() && !h.concatenation_parts;
    });
    if (!open) return {};
    return {{note_level::warning, "concatenation_open",
             "The object is split over files that do not say how many they are: whether the last of them is "
             "there can't be verified."}};
}

} // namespace groundglass::reading
