#pragma once

#include <groundglass/reading/series.hpp>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

// What the tests of the gate of slices share: made series, and what became of them.
namespace groundglass::reading {

inline std::vector<slice_header> series(const std::string& uid, std::size_t n, double spacing = 2) {
    std::vector<slice_header> result(n);
    for (std::size_t i = 0; i < n; ++i) {
        auto& h = result[i];
        h.study_uid = "9";
        h.series_uid = uid;
        h.instance_uid = uid + "." + std::to_string(i);
        h.sop_class_uid = "1.2.840.10008.5.1.4.1.1.2";
        h.modality = "CT";
        h.image_type = {"ORIGINAL", "PRIMARY", "AXIAL"};
        h.rows = h.columns = 64;
        h.position = volume::vector3{0, 0, spacing * static_cast<double>(i)};
        h.orientation = {1, 0, 0, 0, 1, 0};
        h.pixel_spacing = {0.7, 0.7};
        h.slice_thickness = spacing;
        h.rescale_slope = 1, h.rescale_intercept = -1024;
        h.instance_number = static_cast<int>(i + 1);
    }
    return result;
}

inline std::vector<slice_header> joined(std::initializer_list<std::vector<slice_header>> parts) {
    std::vector<slice_header> result;
    for (const auto& part : parts) result.insert(result.end(), part.begin(), part.end());
    return result;
}

template <class Change>
std::vector<slice_header> changed(std::vector<slice_header> headers, Change change) {
    for (auto& h : headers) change(h);
    return headers;
}

inline std::string refusal(const std::vector<slice_header>& headers, const series_options& options = {}) {
    try {
        static_cast<void>(plan_series(headers, options));
    } catch (const format_error& error) {
        return error.what();
    }
    return "";
}

inline bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

inline const note* noted(const series_plan& plan, const std::string& code) {
    for (const auto& n : plan.remarks)
        if (n.code == code) return &n;
    return nullptr;
}

} // namespace groundglass::reading
