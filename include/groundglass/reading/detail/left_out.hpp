#pragma once

#include <groundglass/reading/detail/scan_fields.hpp>
#include <groundglass/reading/detail/scan_groups.hpp>
#include <groundglass/reading/detail/slice_places.hpp>
#include <groundglass/reading/detail/vectors.hpp>
#include <groundglass/reading/slice_header.hpp>
#include <groundglass/reading/wording.hpp>
#include <groundglass/volume/geometry.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace groundglass::reading::detail {

/// The even stack that was taken, to be asked where another slice lies in it.
class taken_stack {
public:
    taken_stack(std::span<const slice_header> headers, const slice_group& group)
        : headers_(headers), members_(group.members), normal_(plane_of(headers[members_.front()]).normal),
          line_(even_line_of(headers, members_, normal_)), step_mm_(volume::dot(line_.step, normal_)),
          low_(height(members_.front())), high_(height(members_.back())) {
        for (const auto i : members_) heights_.push_back(height(i));
        for (const auto& [name, value] : volume_fields) volume_values_.push_back(constant(value));
        for (const auto& field : scan_fields) scan_values_.push_back(constant(field.value));
    }

    [[nodiscard]] const std::vector<std::size_t>& members() const { return members_; }
    [[nodiscard]] double step_mm() const { return step_mm_; }
    [[nodiscard]] double height(std::size_t i) const { return height_of(headers_[i], normal_); }

    /// Beside the stack's column of pixels, or in it.
    [[nodiscard]] bool in_line(std::size_t i) const {
        const auto place = place_of(headers_[i], normal_);
        if (!place || members_.size() < 2) return true; // a single slice does not show a tilt
        const double t = volume::dot(minus(*place, line_.origin), normal_) / step_mm_;
        const auto off = minus(*place, along(line_.origin, t, line_.step));
        const auto pixels = headers_[members_.front()].pixel_spacing.value_or(std::array<double, 2>{1, 1});
        return length(off) <= std::max(std::min(pixels[0], pixels[1]), 1.0);
    }

    /// How far beyond the ends, in mm; 0 inside.
    [[nodiscard]] double beyond_mm(std::size_t i) const {
        const double h = height(i);
        return std::max({low_ - h, h - high_, 0.0});
    }

    [[nodiscard]] bool on_grid(std::size_t i, double tolerance) const {
        const double t = (height(i) - low_) / step_mm_;
        return std::abs(t - std::round(t)) <= 2 * tolerance;
    }

    /// Whether a slice of the stack lies at this place.
    [[nodiscard]] bool holds(std::size_t i) const {
        const double h = height(i);
        const auto near = std::lower_bound(heights_.begin(), heights_.end(), h - same_place_mm);
        return near != heights_.end() && *near <= h + same_place_mm;
    }

    /// The values of `volume_fields` and `scan_fields` in all slices; nothing where they differ.
    [[nodiscard]] const std::vector<std::optional<std::string>>& volume_values() const {
        return volume_values_;
    }
    [[nodiscard]] const std::vector<std::optional<std::string>>& scan_values() const { return scan_values_; }

private:
    template <class Value>
    [[nodiscard]] std::optional<std::string> constant(Value value) const {
        const auto first = value(headers_[members_.front()]);
        for (const auto i : members_)
            if (value(headers_[i]) != first) return {};
        return first;
    }

    static even_places even_line_of(std::span<const slice_header> headers,
                                    const std::vector<std::size_t>& members, const volume::vector3& normal) {
        if (members.size() > 1) return even_line(places_of(headers, members));
        const auto& only = headers[members.front()];
        const double step = only.slice_thickness.value_or(0) > 0 ? *only.slice_thickness
                                                                 : only.spacing_between_slices.value_or(1);
        return {place_of(only, normal).value_or(volume::vector3{}), scaled(normal, step > 0 ? step : 1)};
    }

    std::span<const slice_header> headers_;
    const std::vector<std::size_t>& members_;
    volume::vector3 normal_;
    even_places line_;
    double step_mm_, low_, high_;
    std::vector<double> heights_;
    std::vector<std::optional<std::string>> volume_values_, scan_values_;
};

/// In what a slice differs from what all slices of the stack agree on: the fields for a sentence, and how
/// many of them are independent. Acquisitions of one series UID are blocks of one scan as often as scans.
struct differences {
    std::vector<std::string_view> fields;
    std::size_t independent = 0;
};

inline differences differences_of(std::span<const slice_header> headers, const taken_stack& stack,
                                  std::size_t i) {
    differences found;
    const auto& first = headers[stack.members().front()];
    const auto& h = headers[i];
    for (std::size_t k = 0; k < volume_fields.size(); ++k)
        if (const auto& all = stack.volume_values()[k]; all && *all != volume_fields[k].second(h))
            found.fields.push_back(volume_fields[k].first);
    if (!near(first.pixel_spacing, h.pixel_spacing, 1e-4)) found.fields.emplace_back("Pixel Spacing");
    if (!near(first.orientation, h.orientation, 1e-3))
        found.fields.emplace_back("Image Orientation (Patient)");
    if (first.position.has_value() != h.position.has_value())
        found.fields.emplace_back("Image Position (Patient)");
    found.independent = found.fields.size();
    // A single slice agrees with itself in whatever differs from slice to slice.
    if (stack.members().size() < 2) return found;
    std::set<witness> kinds;
    for (std::size_t k = 0; k < scan_fields.size(); ++k)
        if (const auto& all = stack.scan_values()[k]; all && *all != scan_fields[k].value(h)) {
            found.fields.push_back(scan_fields[k].name);
            kinds.insert(scan_fields[k].kind);
        }
    if (first.series_uid == h.series_uid) kinds.erase(witness::acquisition);
    found.independent += kinds.size();
    return found;
}

/// The witnesses, all of a group agreeing, that a group is another scan than the stack. `woven` groups lie
/// over the stack: there whole passes show in times and numbers that a single scan would share out.
inline std::set<witness> witnesses_between(std::span<const slice_header> headers, const taken_stack& stack,
                                           const slice_group& group, bool woven) {
    std::set<witness> found;
    for (std::size_t k = 0; k < scan_fields.size(); ++k) {
        const auto& field = scan_fields[k];
        const auto& mine = stack.scan_values()[k];
        const auto its = field.value(headers[group.members.front()]);
        if (mine && *mine != its &&
            std::all_of(group.members.begin(), group.members.end(),
                        [&](std::size_t i) { return field.value(headers[i]) == its; }))
            found.insert(field.kind);
    }
    if (group.members.size() < smallest_scan || stack.members().size() < smallest_scan) return found;
    // Whether all values of one come after all of the other.
    const auto apart = [&](auto value) {
        const auto range = [&](const std::vector<std::size_t>& members) {
            auto low = value(headers[members.front()]), high = low;
            for (const auto i : members)
                low = std::min(low, value(headers[i])), high = std::max(high, value(headers[i]));
            return std::pair(low, high);
        };
        const auto a = range(stack.members()), b = range(group.members);
        return a.second < b.first || b.second < a.first;
    };
    if (woven && apart([](const slice_header& h) { return h.acquisition_time; }))
        found.insert(witness::acquisition);
    // Two ends of one scan are numbered on; two scans, each from the start.
    if (numbered_apart(headers, {stack.members(), group.members}) &&
        (woven || !apart([](const slice_header& h) { return h.instance_number; })))
        found.insert(witness::numbering);
    return found;
}

inline std::string range_text(std::span<const slice_header> headers,
                              const std::vector<std::size_t>& members) {
    const auto normal = plane_of(headers[members.front()]).normal;
    const auto places = places_of(headers, members);
    if (places.size() == 1) return "1 slice at " + place_text(places.front(), normal);
    return counted(places.size(), "slice") + " from " + place_text(places.front(), normal) + " to " +
           place_text(places.back(), normal);
}

/// Slices nearer to the ends than this may belong to the scan: some were lost between.
inline constexpr double near_end_steps = 10, near_end_mm = 50;

/// Why a group of another scan's slices would continue or fill the stack; empty where it would not.
inline std::string completes(std::span<const slice_header> headers, const taken_stack& stack,
                             const slice_group& group, double tolerance) {
    std::size_t inside = 0, doubled = 0, in_line = 0, on_grid = 0;
    double nearest = std::numeric_limits<double>::infinity();
    for (const auto i : group.members) {
        inside += stack.beyond_mm(i) == 0;
        doubled += stack.holds(i);
        in_line += stack.in_line(i);
        on_grid += stack.on_grid(i, tolerance);
        if (stack.beyond_mm(i) > 0) nearest = std::min(nearest, stack.beyond_mm(i));
    }
    const auto all = group.members.size();
    // Another kernel or phase of the same places leaves nothing out.
    if (2 * doubled >= std::min(all, stack.members().size())) return {};
    const bool woven = 2 * inside >= all;
    const bool alone = witnesses_between(headers, stack, group, woven).size() < 2;
    const bool same_series = group.uid == headers[stack.members().front()].series_uid;
    if (2 * in_line < all && !(alone && same_series)) return {};
    if (woven) return alone ? "lie between its slices" : "";
    const double step = stack.step_mm();
    const double its_step =
        all > 1 ? std::abs(stack.height(group.members.back()) - stack.height(group.members.front())) /
                      static_cast<double>(all - 1)
                : step;
    const bool same_step = std::abs(its_step - step) <= tolerance * step && 2 * on_grid > all;
    if (same_step && nearest <= 1.5 * step) return "continue it at the same step";
    if (same_step && nearest <= 5.5 * step) return "go on a gap away at the same step";
    if (same_series && nearest <= 1.5 * std::max(step, its_step)) return "continue it at another step";
    if (alone && nearest <= std::max(near_end_steps * step, near_end_mm)) return "go on a gap away";
    return {};
}

/// What a person must know or decide about slices that were left out, because they would continue or fill the
/// stack that was taken; empty where nothing would.
struct left_out {
    std::string found;
    /// Whether it was a scan of its own, to be left out knowingly, and no single odd slice.
    bool scan = false;
    /// The group it lies in.
    const slice_group* group = nullptr;
};

/// Asks every slice that was left out whether it would continue or fill the stack. One field alone never
/// makes another image: a slice that fits the stack but for one field is damaged, or the field is.
inline left_out missing_part(std::span<const slice_header> headers, const std::vector<slice_group>& groups,
                             const slice_group& taken, double tolerance) {
    const taken_stack stack(headers, taken);
    const auto& first = headers[taken.members.front()];
    for (const auto& group : groups) {
        if (&group == &taken) continue;
        const auto& other = headers[group.members.front()];
        const bool same_volume =
            group.unfit.empty() && other.study_uid == first.study_uid && same_geometry(first, other);
        if (same_volume) {
            const auto how = completes(headers, stack, group, tolerance);
            if (how.empty()) continue;
            const auto fields = differences_of(headers, stack, group.members.front()).fields;
            return {group.name + " (" + range_text(headers, group.members) + ") would " + how +
                        (fields.empty() ? "" : ", yet differs in " + listed_names(fields)),
                    true, &group};
        }
        for (const auto i : group.members) {
            const auto& h = headers[i];
            const auto [fields, independent] = differences_of(headers, stack, i);
            if (independent > 1) continue;
            const bool placed = h.position.has_value() == first.position.has_value();
            if (placed && (stack.holds(i) || !stack.in_line(i) ||
                           stack.beyond_mm(i) > std::max(near_end_steps * stack.step_mm(), near_end_mm)))
                continue;
            const auto normal = plane_of(first).normal;
            const auto place = place_of(h, normal);
            return {"a slice" + (place ? " at " + place_text(*place, normal) : std::string()) +
                        " belongs to it but for its " +
                        (fields.empty() ? std::string("header") : listed_names(fields)) +
                        (group.unfit.empty() ? "" : " (" + group.unfit + ")"),
                    false, &group};
        }
    }
    return {};
}

} // namespace groundglass::reading::detail
