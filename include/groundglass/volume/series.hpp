#pragma once

#include <groundglass/volume/slice_stack.hpp>

#include <stdexcept>
#include <tuple>

namespace groundglass {

struct series_options {
    /// UID of the series to take; empty for the rule of `plan_series`. Where one UID holds several stacks,
    /// `UID/2` names the second.
    std::string series_uid;
    /// How far, in parts of the slice spacing, a slice may lie off the even grid. 0..0.5.
    double position_tolerance = 0.1;
};

/// A stack of slices that was found but not taken.
struct other_series {
    /// As `series_options::series_uid` takes it.
    std::string uid;
    std::size_t slices = 0;
    /// Why it was not taken: "modality MR", "localizer", "fewer slices", ...
    std::string reason;

    friend bool operator==(const other_series&, const other_series&) = default;
};

/// Which slices make the volume, in which order, and where it lies.
struct series_plan {
    std::string series_uid;
    /// Indices into the headers, along the slice axis; towards the head for axial slices.
    std::vector<std::size_t> order;
    /// As acquired: `to_axial` turns sagittal, coronal and flipped volumes.
    geometry grid;
    std::vector<other_series> others;
    notes remarks;
};

namespace detail {

struct slice_group {
    std::vector<std::size_t> members;
    std::string unfit;
    std::string name;
    std::size_t copies = 0;
    bool from_mixed_uid = false;
};

template <std::size_t N>
bool near(const std::optional<std::array<double, N>>& a, const std::optional<std::array<double, N>>& b,
          double tolerance) {
    if (!a || !b) return !a && !b;
    for (std::size_t i = 0; i < N; ++i)
        if (!(std::abs((*a)[i] - (*b)[i]) <= tolerance)) return false;
    return true;
}

/// True where two slices can lie in one stack.
inline bool same_stack(const slice_header& a, const slice_header& b) {
    const auto key = [](const slice_header& h) {
        return std::tie(h.series_uid, h.rows, h.columns, h.frame_of_reference_uid, h.image_type,
                        h.convolution_kernel);
    };
    return key(a) == key(b) && a.position.has_value() == b.position.has_value() &&
           near(a.orientation, b.orientation, 1e-3) && near(a.pixel_spacing, b.pixel_spacing, 1e-4);
}

/// The same image twice: one file copied, or sent again under a new instance UID.
inline bool same_image(const slice_header& a, const slice_header& b) {
    if (!a.instance_uid.empty() && a.instance_uid == b.instance_uid) return a.frame == b.frame;
    const auto key = [](const slice_header& h) {
        return std::tie(h.instance_number, h.acquisition_number, h.temporal_position, h.slice_thickness,
                        h.rescale_slope, h.rescale_intercept);
    };
    return a.instance_number.has_value() && key(a) == key(b);
}

inline bool same_place(const slice_header& a, const slice_header& b) {
    return near(a.position, b.position, same_place_mm) && near(a.orientation, b.orientation, 1e-3) &&
           (a.position || a.slice_location == b.slice_location);
}

/// Slices sorted along the normal with every second copy of an image taken out; the copy with the smaller
/// instance UID stays, so that the choice does not hang on file names.
inline void drop_copies(std::span<const slice_header> headers, slice_group& group) {
    auto& members = group.members;
    const auto normal = plane_of(headers[members.front()]).normal;
    const auto height = [&](std::size_t i) {
        const auto place = place_of(headers[i], normal);
        return place ? dot(*place, normal) : 0.0;
    };
    std::sort(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
        const double ha = height(a), hb = height(b);
        return std::tie(ha, headers[a].instance_uid, a) < std::tie(hb, headers[b].instance_uid, b);
    });
    std::vector<std::size_t> kept;
    for (const auto i : members) {
        bool copy = false;
        for (auto k = kept.rbegin(); k != kept.rend() && same_place(headers[*k], headers[i]) && !copy; ++k)
            copy = same_image(headers[*k], headers[i]);
        if (copy)
            ++group.copies;
        else
            kept.push_back(i);
    }
    members = std::move(kept);
}

inline bool has_doubled_places(std::span<const slice_header> headers,
                               const std::vector<std::size_t>& members) {
    for (std::size_t i = 1; i < members.size(); ++i)
        if (same_place(headers[members[i - 1]], headers[members[i]])) return true;
    return false;
}

/// Parts a group whose positions repeat, by the first attribute that leaves no position doubled in any part.
inline std::vector<slice_group> part_repeats(std::span<const slice_header> headers, slice_group group) {
    if (has_doubled_places(headers, group.members)) {
        for (const auto attribute : {&slice_header::temporal_position, &slice_header::acquisition_number}) {
            std::vector<std::pair<std::optional<int>, slice_group>> parts;
            for (const auto i : group.members) {
                const auto value = headers[i].*attribute;
                auto part =
                    std::find_if(parts.begin(), parts.end(), [&](auto& p) { return p.first == value; });
                if (part == parts.end()) part = parts.insert(part, {value, {}});
                part->second.members.push_back(i);
            }
            std::sort(parts.begin(), parts.end(), [](auto& a, auto& b) { return a.first < b.first; });
            const bool clean = std::none_of(parts.begin(), parts.end(), [&](const auto& p) {
                return has_doubled_places(headers, p.second.members);
            });
            if (parts.size() > 1 && clean) {
                std::vector<slice_group> result;
                for (auto& [value, part] : parts) result.push_back(std::move(part));
                result.front().copies = group.copies;
                return result;
            }
        }
    }
    return {std::move(group)};
}

inline bool axial(const slice_header& header) {
    return !header.orientation || plane_of(header).normal[2] > 0.70710678118654752;
}

inline std::string listed(const std::vector<other_series>& series) {
    std::string text;
    for (std::size_t i = 0; i < series.size() && i < 8; ++i)
        text += (i == 0 ? "" : "; ") + series[i].uid + " (" + counted(series[i].slices, "slice") +
                (series[i].reason.empty() ? "" : ", " + series[i].reason) + ")";
    if (series.size() > 8) text += "; and " + std::to_string(series.size() - 8) + " more";
    return text;
}

/// Throws where files that may belong to the series are damaged: left out, they would shorten it.
inline void refuse_damage(std::span<const slice_header> headers, const std::string& series_uid) {
    std::size_t damaged = 0;
    const slice_header* first = nullptr;
    for (const auto& h : headers) {
        const bool its_own = h.series_uid.empty() || h.series_uid == series_uid;
        const bool image = h.sop_class_uid.empty() || h.sop_class_uid == ct_image_class ||
                           h.sop_class_uid == enhanced_ct_class ||
                           h.sop_class_uid == legacy_enhanced_ct_class;
        if (!h.damage.empty() && its_own && image && damaged++ == 0) first = &h;
    }
    if (first)
        throw format_error(counted(damaged, "file") + (damaged == 1 ? " is" : " are") +
                           " damaged, the first because " + first->damage + "; copy the study again");
}

/// All stacks in the headers, named, in no order of preference.
inline std::vector<slice_group> group_slices(std::span<const slice_header> headers) {
    std::vector<slice_group> groups;
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const auto unfit = why_not_ct(headers[i]);
        const auto home = std::find_if(groups.begin(), groups.end(), [&](const slice_group& g) {
            const auto& other = headers[g.members.front()];
            return g.unfit == unfit && (unfit.empty() ? same_stack(other, headers[i])
                                                      : other.series_uid == headers[i].series_uid);
        });
        if (home != groups.end())
            home->members.push_back(i);
        else
            groups.push_back({{i}, unfit, {}, 0, false});
    }
    std::vector<slice_group> parted;
    for (auto& group : groups) {
        if (!group.unfit.empty()) {
            parted.push_back(std::move(group));
            continue;
        }
        drop_copies(headers, group);
        for (auto& part : part_repeats(headers, std::move(group))) parted.push_back(std::move(part));
    }
    // Larger stacks first, so that UID/1 is the one a user means; then whatever does not hang on file names.
    const auto rank = [&](const slice_group& g) {
        const auto& h = headers[g.members.front()];
        return std::make_tuple(!g.unfit.empty(), -static_cast<std::ptrdiff_t>(g.members.size()),
                               h.temporal_position, h.acquisition_number, h.image_type, h.convolution_kernel,
                               h.instance_uid);
    };
    std::stable_sort(parted.begin(), parted.end(),
                     [&](const slice_group& a, const slice_group& b) { return rank(a) < rank(b); });
    for (auto& group : parted) {
        const auto& uid = headers[group.members.front()].series_uid;
        std::size_t same = 0, number = 0;
        for (const auto& other : parted)
            if (headers[other.members.front()].series_uid == uid) {
                ++same;
                if (&other == &group) number = same;
            }
        group.name = uid_text(uid) + (same > 1 ? "/" + std::to_string(number) : "");
        group.from_mixed_uid = same > 1;
    }
    return parted;
}

} // namespace detail

/// Decides from slice headers alone which slices make the CT volume and in which order: the gate that every
/// DICOM reader of the library goes through.
///
/// Slices that are no CT in Hounsfield units (`why_not_ct`) are set aside. The others are grouped into stacks
/// by series UID, plane, matrix, pixel spacing, image type, kernel and frame of reference; where positions
/// repeat, by temporal position or acquisition number. Images that are there twice are dropped. Among the
/// stacks the rule takes: original before derived; axial before other planes; then most slices; then thinner
/// slices; then the smaller UID. Reformats (MPR) are taken only when named by UID. The chosen stack goes
/// through `stack_slices`, and what that refuses is refused, as is a series with a damaged file: no other is
/// taken in its place.
///
/// Notes: those of `stack_slices`, and `series_chosen`, `several_studies`, `mixed_series`,
/// `duplicate_slices`, `derived_series`, `modality_missing`. Throws `format_error` where no stack fits or the
/// named one is not there, and `std::invalid_argument` for a tolerance out of range. O(n (log n + number of
/// stacks)).
[[nodiscard]] inline series_plan plan_series(std::span<const slice_header> headers,
                                             const series_options& options = {}) {
    using namespace detail;
    if (!(options.position_tolerance >= 0 && options.position_tolerance <= 0.5))
        throw std::invalid_argument("series_options: position_tolerance must lie in 0..0.5, found " +
                                    std::to_string(options.position_tolerance));
    const auto groups = group_slices(headers);
    const auto header_of = [&](const slice_group& g) -> const slice_header& {
        return headers[g.members.front()];
    };
    const auto entry = [](const slice_group& g, std::string reason) {
        return other_series{g.name, g.members.size(), std::move(reason)};
    };
    const auto rank = [&](const slice_group& g) {
        const auto& h = header_of(g);
        return std::make_tuple(is_derived(h), !axial(h), -static_cast<std::ptrdiff_t>(g.members.size()),
                               h.slice_thickness.value_or(1e9), h.series_uid);
    };
    const auto& wanted = options.series_uid;
    const auto asked_for = [&](const slice_group& g) {
        return wanted.empty() || g.name == wanted || header_of(g).series_uid == wanted;
    };

    const slice_group* chosen = nullptr;
    for (const auto& group : groups) {
        const bool fits = group.unfit.empty() && (!wanted.empty() || !is_reformatted(header_of(group)));
        if (fits && asked_for(group) && (!chosen || rank(group) < rank(*chosen))) chosen = &group;
    }
    if (!chosen) {
        if (!headers.empty()) refuse_damage(headers, headers.front().series_uid);
        std::vector<other_series> found;
        bool seen = false;
        for (const auto& group : groups) {
            found.push_back(entry(group, group.unfit.empty() && is_reformatted(header_of(group))
                                             ? "reformatted planes, name its UID to take it"
                                             : group.unfit));
            seen |= !wanted.empty() && asked_for(group);
        }
        if (found.empty()) throw format_error("no CT series found: there are no slices");
        if (!wanted.empty() && !seen)
            throw format_error("no series with the UID asked for; found " + listed(found));
        throw format_error(
            (wanted.empty() ? "no CT series found, only " : "the series asked for is no CT series: ") +
            listed(found));
    }

    series_plan plan;
    plan.series_uid = chosen->name;
    const auto& chosen_header = header_of(*chosen);
    bool several = false;
    for (const auto& group : groups) {
        if (&group == chosen) continue;
        const auto& h = header_of(group);
        std::string reason = group.unfit;
        if (reason.empty()) {
            several = true;
            if (is_reformatted(h))
                reason = "reformatted planes";
            else if (!wanted.empty())
                reason = "not asked for";
            else if (is_derived(h) && !is_derived(chosen_header))
                reason = "derived images";
            else if (!axial(h) && axial(chosen_header))
                reason = "not axial";
            else if (group.members.size() < chosen->members.size())
                reason = "fewer slices";
            else if (h.slice_thickness.value_or(1e9) > chosen_header.slice_thickness.value_or(1e9))
                reason = "thicker slices";
            else
                reason = "equal, taken by the order of UIDs";
        }
        plan.others.push_back(entry(group, std::move(reason)));
    }

    slice_stack stack;
    try {
        refuse_damage(headers, chosen_header.series_uid);
        stack = stack_slices(headers, chosen->members, options.position_tolerance);
    } catch (const format_error& error) {
        throw format_error("series " + chosen->name + ": " + error.what() +
                           (several ? "; other series found: " + listed(plan.others) : ""));
    }

    auto& remarks = plan.remarks;
    if (!plan.others.empty())
        remarks.push_back({note_level::info, "series_chosen",
                           "Series " + chosen->name + " (" + counted(chosen->members.size(), "slice") +
                               ") was taken" + (wanted.empty() ? "" : " as asked for") +
                               "; also found: " + listed(plan.others) + "."});
    if (std::any_of(groups.begin(), groups.end(), [&](const slice_group& g) {
            return g.unfit.empty() && header_of(g).study_uid != chosen_header.study_uid;
        }))
        remarks.push_back(
            {note_level::warning, "several_studies",
             "Series of several studies lie together, perhaps of several patients; read one study at "
             "a time, or name the series."});
    if (chosen->from_mixed_uid)
        remarks.push_back(
            {note_level::warning, "mixed_series",
             "One series UID holds images of different kinds, planes or acquisitions; they were told "
             "apart and " +
                 chosen->name + " was taken."});
    if (chosen->copies > 0)
        remarks.push_back(
            {note_level::info, "duplicate_slices",
             counted(chosen->copies, "slice") +
                 (chosen->copies == 1 ? " was there twice; one copy was kept."
                                      : " were there more than once; one copy of each was kept.")});
    if (is_derived(chosen_header))
        remarks.push_back({note_level::warning, "derived_series",
                           "The series is marked as derived from other images: its HU may be changed."});
    if (chosen_header.modality.empty())
        remarks.push_back({note_level::warning, "modality_missing",
                           "The slices name no modality; their SOP class says CT."});
    remarks.insert(remarks.end(), stack.remarks.begin(), stack.remarks.end());
    plan.order = std::move(stack.order);
    plan.grid = stack.grid;
    return plan;
}

} // namespace groundglass
