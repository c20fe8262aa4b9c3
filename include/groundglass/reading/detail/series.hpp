#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/detail/left_out.hpp>
#include <groundglass/reading/detail/scan_groups.hpp>
#include <groundglass/reading/dicom_uids.hpp>
#include <groundglass/reading/series.hpp>
#include <groundglass/reading/slice_stack.hpp>
#include <groundglass/reading/wording.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace groundglass::reading {

namespace detail {

inline bool axial(const slice_header& header) {
    return !header.orientation || plane_of(header).normal[2] > cos_45;
}

inline std::string listed(const std::vector<other_series>& series) {
    std::string text;
    for (std::size_t i = 0; i < series.size() && i < 8; ++i)
        text += (i == 0 ? "" : "; ") + series[i].uid + " (" + counted(series[i].slices, "slice") +
                (series[i].reason.empty() ? "" : ", " + series[i].reason) + ")";
    if (series.size() > 8) text += "; and " + std::to_string(series.size() - 8) + " more";
    return text;
}

/// Throws where files that may belong to the scan are damaged: left out, they would shorten it.
inline void refuse_damage(std::span<const slice_header> headers, const std::set<std::string>& series_uids) {
    std::size_t damaged = 0;
    const slice_header* first = nullptr;
    for (const auto& h : headers) {
        const bool its_own = h.series_uid.empty() || series_uids.contains(h.series_uid);
        const bool image = h.sop_class_uid.empty() || of_class(h.sop_class_uid, ct_image_class);
        if (!h.damage.empty() && its_own && image && damaged++ == 0) first = &h;
    }
    if (first)
        throw format_error(counted(damaged, "file") + (damaged == 1 ? " is" : " are") +
                           " damaged, the first because " + first->damage + "; copy the study again");
}

/// Throws where a number of the geometry is none that a scanner writes: sorting by it would be meaningless.
inline void refuse_wild_numbers(std::span<const slice_header> headers) {
    constexpr double farthest_mm = 1e6;
    const auto sane = [](double x) { return std::abs(x) <= farthest_mm; }; // NaN is not
    for (const auto& h : headers) {
        if (!why_not_ct(h).empty()) continue;
        const bool placed = !h.position || std::all_of(h.position->begin(), h.position->end(), sane);
        if (!placed || !sane(h.slice_location.value_or(0)))
            throw format_error(
                "a slice's position is not a finite number that a scanner could mean; export the "
                "series again");
    }
}

inline std::set<std::string> series_uids_of(std::span<const slice_header> headers, const slice_group& group) {
    std::set<std::string> result;
    for (const auto i : group.members) result.insert(headers[i].series_uid);
    return result;
}

/// The slices of the series UID asked for where they are one end of a larger scan; else the whole group.
inline slice_group asked_part(std::span<const slice_header> headers, const slice_group& group,
                              const std::string& wanted, double tolerance) {
    if (wanted.empty()) return group;
    std::vector<std::size_t> part;
    std::size_t first = 0;
    for (std::size_t i = 0; i < group.members.size(); ++i)
        if (headers[group.members[i]].series_uid == wanted) {
            if (part.empty()) first = i;
            part.push_back(group.members[i]);
        }
    const bool one_piece = part.size() >= smallest_scan && part.size() < group.members.size() &&
                           group.members[first + part.size() - 1] == part.back();
    if (!one_piece || !is_even(headers, part, tolerance)) return group;
    slice_group result = group;
    result.members = std::move(part);
    result.name = uid_text(wanted);
    result.uid = wanted;
    return result;
}

/// The fields that differ among slices taken as one scan, with the number of their values.
inline notes joined_notes(std::span<const slice_header> headers, const slice_group& group) {
    std::string text;
    bool warn = false;
    for (const auto& field : scan_fields) {
        if (field.kind == witness::acquisition || field.kind == witness::thickness) continue;
        const auto values = part_by(field, headers, group.members).parts;
        if (values < 2) continue;
        text +=
            (text.empty() ? "" : ", ") + std::string(field.name) + " (" + std::to_string(values) + " values)";
        warn = warn || field.kind == witness::series || field.kind == witness::kernel;
    }
    if (text.empty()) return {};
    return {{warn ? note_level::warning : note_level::info, "slices_joined",
             "The slices differ in " + text +
                 " but complete each other to one even stack, and were taken as one scan."}};
}

} // namespace detail

GROUNDGLASS_INLINE series_plan plan_series(std::span<const slice_header> headers,
                                           const series_options& options) {
    using namespace detail;
    const double tolerance = options.position_tolerance;
    if (!(tolerance >= 0 && tolerance <= 0.5))
        throw std::invalid_argument("series_options: position_tolerance must lie in 0..0.5, found " +
                                    std::to_string(tolerance));
    refuse_wild_numbers(headers);
    const auto& wanted = options.series_uid;
    const auto groups = group_slices(headers, tolerance, wanted);
    const auto header_of = [&](const slice_group& g) -> const slice_header& {
        return headers[g.members.front()];
    };
    const auto entry = [](const slice_group& g, std::string reason) {
        return other_series{g.name, g.members.size(), std::move(reason)};
    };
    const auto derived = [&](const slice_group& g) {
        return std::any_of(g.members.begin(), g.members.end(),
                           [&](std::size_t i) { return is_derived(headers[i]); });
    };
    const auto other_plane = [&](const slice_group& g) {
        return is_reformatted(header_of(g)) && !axial(header_of(g));
    };
    const auto rank = [&](const slice_group& g) {
        const auto& h = header_of(g);
        return std::make_tuple(derived(g), !axial(h), -static_cast<std::ptrdiff_t>(g.members.size()),
                               h.slice_thickness.value_or(1e9), g.uid);
    };
    const auto asked_for = [&](const slice_group& g) {
        return wanted.empty() || g.name == wanted || series_uids_of(headers, g).contains(wanted);
    };

    const slice_group* found = nullptr;
    for (const auto& group : groups) {
        const bool fits = group.unfit.empty() && (!wanted.empty() || !other_plane(group));
        if (fits && asked_for(group) && (!found || rank(group) < rank(*found))) found = &group;
    }
    if (!found) {
        if (!headers.empty()) refuse_damage(headers, {headers.front().series_uid});
        std::vector<other_series> others;
        bool seen = false;
        for (const auto& group : groups) {
            others.push_back(entry(group, group.unfit.empty() && other_plane(group)
                                              ? "reformatted planes, name its UID to take it"
                                              : group.unfit));
            seen |= !wanted.empty() && asked_for(group);
        }
        if (others.empty()) throw format_error("no CT series found: there are no slices");
        if (!wanted.empty() && !seen)
            throw format_error("no series with the UID asked for; found " + listed(others));
        throw format_error(
            (wanted.empty() ? "no CT series found, only " : "the series asked for is no CT series: ") +
            listed(others));
    }
    const auto chosen = asked_part(headers, *found, wanted, tolerance);
    const bool asked_by_name = !wanted.empty() && wanted == chosen.name;

    series_plan plan;
    plan.series_uid = chosen.name;
    const auto& chosen_header = header_of(chosen);
    bool several = false;
    for (const auto& group : groups) {
        if (&group == found) continue;
        const auto& h = header_of(group);
        std::string reason = group.unfit;
        if (reason.empty()) {
            several = true;
            if (!wanted.empty())
                reason = "not asked for";
            else if (other_plane(group))
                reason = "reformatted planes";
            else if (derived(group) && !derived(chosen))
                reason = "derived images";
            else if (!axial(h) && axial(chosen_header))
                reason = "not axial";
            else if (group.members.size() < chosen.members.size())
                reason = "fewer slices";
            else if (h.slice_thickness.value_or(1e9) > chosen_header.slice_thickness.value_or(1e9))
                reason = "thicker slices";
            else
                reason = "equal, taken by the order of UIDs";
        }
        plan.others.push_back(entry(group, std::move(reason)));
    }

    auto& remarks = plan.remarks;
    slice_stack stack;
    try {
        refuse_damage(headers, series_uids_of(headers, chosen));
        if (!chosen.can_be_named) throw format_error(chosen.doubt);
        stack = stack_slices(headers, chosen.members, tolerance);
        if (!chosen.doubt.empty() && !asked_by_name) {
            std::string names;
            for (const auto& group : groups)
                if (group.doubt == chosen.doubt) names += (names.empty() ? "" : " or ") + group.name;
            throw format_error(chosen.doubt + "; take one by its name (--series, series=): " + names);
        }
        if (const auto missing = missing_part(headers, groups, *found, tolerance); missing.group) {
            const bool knowingly =
                asked_by_name || (!wanted.empty() && missing.scan &&
                                  !series_uids_of(headers, *missing.group).contains(wanted));
            if (!knowingly)
                throw format_error(
                    range_text(headers, chosen.members) +
                    (chosen.members.size() == 1 ? " was found, and " : " were found, and ") + missing.found +
                    "; whether they are one scan can't be told, and a part is not measured as the whole: " +
                    (missing.scan
                         ? "take one by its name (--series, series=), " + chosen.name + " or " +
                               missing.group->name
                         : "export the study again, or take the rest by its name (--series, series=), " +
                               chosen.name));
            remarks.push_back({note_level::warning, "series_continued",
                               "The series was taken as asked for, but " + missing.found + "."});
        }
    } catch (const format_error& error) {
        throw format_error("series " + chosen.name + ": " + error.what() +
                           (several ? "; other series found: " + listed(plan.others) : ""));
    }

    if (!plan.others.empty())
        remarks.push_back({note_level::info, "series_chosen",
                           "Series " + chosen.name + " (" + counted(chosen.members.size(), "slice") +
                               ") was taken" + (wanted.empty() ? "" : " as asked for") +
                               "; also found: " + listed(plan.others) + "."});
    if (std::any_of(groups.begin(), groups.end(), [&](const slice_group& g) {
            return g.unfit.empty() && header_of(g).study_uid != chosen_header.study_uid;
        }))
        remarks.push_back(
            {note_level::warning, "several_studies",
             "Series of several studies lie together, perhaps of several patients; read one study at "
             "a time, or name the series."});
    if (chosen.members.size() < found->members.size())
        remarks.push_back({note_level::warning, "series_continued",
                           "The series was taken as asked for, but " +
                               counted(found->members.size() - chosen.members.size(), "slice") +
                               " of other series UIDs continue it to one even stack."});
    if (chosen.from_mixed_uid)
        remarks.push_back(
            {note_level::warning, "mixed_series",
             "One series UID holds images of different kinds, planes or acquisitions; they were told apart" +
                 (chosen.told_by.empty() ? std::string() : " by " + listed_names(chosen.told_by)) + " and " +
                 chosen.name + " was taken."});
    const auto joined = joined_notes(headers, chosen);
    remarks.insert(remarks.end(), joined.begin(), joined.end());
    if (chosen.copies > 0)
        remarks.push_back(
            {note_level::info, "duplicate_slices",
             counted(chosen.copies, "slice") +
                 (chosen.copies == 1 ? " was there twice; one copy was kept."
                                     : " were there more than once; one copy of each was kept.")});
    if (derived(chosen))
        remarks.push_back({note_level::warning, "derived_series",
                           "The series is marked as derived from other images: its HU may be changed."});
    if (std::any_of(chosen.members.begin(), chosen.members.end(),
                    [&](std::size_t i) { return is_projection(headers[i]); }))
        remarks.push_back({note_level::warning, "projection_series",
                           "Image Type calls the slices a projection, rendering or screen image; they were "
                           "taken as asked for, and their HU may be those of no section."});
    if (chosen_header.modality.empty())
        remarks.push_back({note_level::warning, "modality_missing",
                           "The slices name no modality; their SOP class says CT."});
    remarks.insert(remarks.end(), stack.remarks.begin(), stack.remarks.end());
    plan.order = std::move(stack.order);
    plan.grid = stack.grid;
    plan.made = std::move(stack.made);
    return plan;
}

} // namespace groundglass::reading
