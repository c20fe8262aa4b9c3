#pragma once

#include <groundglass/reading/detail/scan_fields.hpp>
#include <groundglass/reading/detail/slice_places.hpp>
#include <groundglass/reading/detail/vectors.hpp>
#include <groundglass/reading/slice_header.hpp>
#include <groundglass/reading/wording.hpp>
#include <groundglass/volume/geometry.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace groundglass::reading::detail {

/// Slices that were found to belong together.
struct slice_group {
    /// Along the normal.
    std::vector<std::size_t> members;
    /// Why they can't be a CT; empty where they can.
    std::string unfit;
    /// The commonest series UID, with `/2` where it names several groups.
    std::string name;
    std::string uid;
    std::size_t copies = 0;
    bool from_mixed_uid = false;
    /// The fields that told it from the others of its UID.
    std::vector<std::string_view> told_by;
    /// Why it is taken only when it is named; empty where it need not be.
    std::string doubt;
    /// False where the doubt is that images of one place can't be told apart at all.
    bool can_be_named = true;
};

template <std::size_t N>
bool near(const std::optional<std::array<double, N>>& a, const std::optional<std::array<double, N>>& b,
          double tolerance) {
    if (!a || !b) return !a && !b;
    for (std::size_t i = 0; i < N; ++i)
        if (!(std::abs((*a)[i] - (*b)[i]) <= tolerance)) return false;
    return true;
}

/// True where two slices have one plane, matrix and spacing, so that they could lie in one volume.
inline bool same_geometry(const slice_header& a, const slice_header& b) {
    return a.rows == b.rows && a.columns == b.columns && a.position.has_value() == b.position.has_value() &&
           near(a.orientation, b.orientation, 1e-3) && near(a.pixel_spacing, b.pixel_spacing, 1e-4);
}

inline bool same_place(const slice_header& a, const slice_header& b) {
    return near(a.position, b.position, same_place_mm) && near(a.orientation, b.orientation, 1e-3) &&
           (a.position || a.slice_location == b.slice_location);
}

/// The same image twice, given that the place is the same: one file copied, or sent again under a new UID.
inline bool same_image(const slice_header& a, const slice_header& b) {
    const auto key = [](const slice_header& h) {
        return std::tie(h.instance_number, h.rescale_slope, h.rescale_intercept);
    };
    for (const auto& field : scan_fields)
        if (field.value(a) != field.value(b)) return false;
    const bool same_object = !a.instance_uid.empty() && a.instance_uid == b.instance_uid;
    return (same_object && a.frame == b.frame) || (a.instance_number.has_value() && key(a) == key(b));
}

inline double height_of(const slice_header& header, const volume::vector3& normal) {
    const auto place = place_of(header, normal);
    return place ? volume::dot(*place, normal) : 0.0;
}

/// Sorts slices along their normal, and takes every second copy of an image out; the copy with the smaller
/// instance UID stays, so that the choice does not hang on file names.
inline void drop_copies(std::span<const slice_header> headers, slice_group& group) {
    auto& members = group.members;
    const auto normal = plane_of(headers[members.front()]).normal;
    std::sort(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
        const double ha = height_of(headers[a], normal), hb = height_of(headers[b], normal);
        return std::tie(ha, headers[a].instance_uid, a) < std::tie(hb, headers[b].instance_uid, b);
    });
    std::vector<std::size_t> kept;
    for (const auto i : members) {
        bool copy = false;
        for (auto k = kept.rbegin(); k != kept.rend() && !copy; ++k) {
            if (height_of(headers[i], normal) - height_of(headers[*k], normal) > same_place_mm) break;
            copy = same_place(headers[*k], headers[i]) && same_image(headers[*k], headers[i]);
        }
        if (copy)
            ++group.copies;
        else
            kept.push_back(i);
    }
    members = std::move(kept);
}

/// Number of members that lie where the one before lies. `members` are sorted.
inline std::size_t doubled_places(std::span<const slice_header> headers,
                                  std::span<const std::size_t> members) {
    std::size_t doubled = 0;
    for (std::size_t i = 1; i < members.size(); ++i)
        doubled += same_place(headers[members[i - 1]], headers[members[i]]);
    return doubled;
}

/// `6 positions (the first at z = 0 mm) hold two different images`; empty where none does. `members` are
/// sorted.
inline std::string doubled_text(std::span<const slice_header> headers, std::span<const std::size_t> members) {
    const auto doubled = doubled_places(headers, members);
    if (doubled == 0) return {};
    std::size_t first = 0;
    for (std::size_t i = members.size(); --i > 0;)
        if (same_place(headers[members[i - 1]], headers[members[i]])) first = members[i];
    const auto normal = plane_of(headers[first]).normal;
    return counted(doubled, "position") + " (the first at " +
           place_text(place_of(headers[first], normal).value_or(volume::vector3{}), normal) +
           (doubled == 1 ? ") holds" : ") hold") + " two different images";
}

inline std::vector<volume::vector3> places_of(std::span<const slice_header> headers,
                                              std::span<const std::size_t> members) {
    const auto normal = plane_of(headers[members.front()]).normal;
    std::vector<volume::vector3> places;
    for (const auto i : members) places.push_back(place_of(headers[i], normal).value_or(volume::vector3{}));
    return places;
}

/// Whether sorted members make one even stack: one image a place, one step, no sideways jump.
inline bool is_even(std::span<const slice_header> headers, std::span<const std::size_t> members,
                    double tolerance) {
    if (members.size() < 2) return true;
    const auto& first = headers[members.front()];
    const auto normal = plane_of(first).normal;
    const auto places = places_of(headers, members);
    const auto line = even_line(places);
    const double step = volume::dot(line.step, normal);
    const auto pixels = first.pixel_spacing.value_or(std::array<double, 2>{1, 1});
    const double sideways_mm = std::max(tolerance * std::min(pixels[0], pixels[1]), 10 * same_place_mm);
    if (!(step > same_place_mm)) return false;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto off = line.off(places[i], i);
        const double forward = volume::dot(off, normal);
        if (!(std::abs(forward) <= std::max(tolerance * step, same_place_mm)) ||
            !(length(along(off, -forward, normal)) <= sideways_mm))
            return false;
    }
    return true;
}

/// Whether the ranges of two sorted parts lie over each other by more than half of the shorter.
inline bool interleaved(std::span<const slice_header> headers, const std::vector<std::size_t>& a,
                        const std::vector<std::size_t>& b) {
    const auto normal = plane_of(headers[a.front()]).normal;
    const auto low = [&](const auto& part) { return height_of(headers[part.front()], normal); };
    const auto high = [&](const auto& part) { return height_of(headers[part.back()], normal); };
    const double shared = std::min(high(a), high(b)) - std::max(low(a), low(b));
    return 2 * shared > std::min(high(a) - low(a), high(b) - low(b));
}

/// Parts slices into passes: sorted by a key that grows while the scanner works, a pass goes on as long as
/// the step from slice to slice stays what it was. One part where a key is absent, or where the passes do not
/// lie over each other: then a slice is missing.
template <class Key>
parting part_by_passes(std::string_view field, witness kind, std::span<const slice_header> headers,
                       std::span<const std::size_t> members, Key key) {
    parting result{field, kind, std::vector<std::size_t>(members.size(), 0), 1};
    const auto normal = plane_of(headers[members.front()]).normal;
    using value = decltype(key(headers.front()));
    for (const auto i : members)
        if (key(headers[i]) == value{}) return result;
    // Slices taken at one moment may be sorted with the movement or against it: the order with fewer passes.
    for (const bool downwards : {false, true}) {
        std::vector<std::size_t> order(members.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        if (downwards) std::reverse(order.begin(), order.end());
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return key(headers[members[a]]) < key(headers[members[b]]);
        });
        std::vector<std::size_t> part_of(members.size(), 0);
        std::size_t part = 0;
        double step = 0; // 0 before a pass has two slices
        for (std::size_t k = 1; k < order.size(); ++k) {
            const double now = height_of(headers[members[order[k]]], normal) -
                               height_of(headers[members[order[k - 1]]], normal);
            if (step == 0)
                step = now;
            else if (std::abs(now - step) > 0.25 * std::abs(step))
                ++part, step = 0;
            part_of[order[k]] = part;
        }
        if (downwards && part + 1 >= result.parts) break;
        result.part_of = std::move(part_of);
        result.parts = part + 1;
    }
    const auto passes = result.split(members);
    for (std::size_t i = 1; i < passes.size(); ++i)
        if (!interleaved(headers, passes[i - 1], passes[i])) {
            result.parts = 1;
            break;
        }
    return result;
}

/// Every way in which the headers tell these slices apart into a handful of parts.
inline std::vector<parting> partings_of(std::span<const slice_header> headers,
                                        std::span<const std::size_t> members) {
    std::vector<parting> result;
    result.reserve(scan_fields.size() + 2);
    for (const auto& field : scan_fields) result.push_back(part_by(field, headers, members));
    result.push_back(part_by_passes("Acquisition Time", witness::acquisition, headers, members,
                                    [](const slice_header& h) { return h.acquisition_time; }));
    result.push_back(part_by_passes("Instance Number", witness::numbering, headers, members,
                                    [](const slice_header& h) { return h.instance_number; }));
    // As many parts as slices, as under a UID for each file, tell nothing of scans.
    std::erase_if(result, [&](const parting& p) { return p.parts < 2 || 2 * p.parts > members.size(); });
    return result;
}

/// Whether each part counts its slices one by one, as a scan of its own does: Instance Numbers of slices that
/// lie side by side follow each other.
inline bool numbered_apart(std::span<const slice_header> headers,
                           const std::vector<std::vector<std::size_t>>& parts) {
    for (const auto& part : parts)
        for (std::size_t i = 1; i < part.size(); ++i) {
            const auto a = headers[part[i - 1]].instance_number, b = headers[part[i]].instance_number;
            if (!a || !b || (std::int64_t{*b} - *a != 1 && std::int64_t{*a} - *b != 1)) return false;
        }
    return true;
}

/// A part of fewer slices is no scan whose completeness could be told.
inline constexpr std::size_t smallest_scan = 3;

/// What a parting of one even stack says: parts that are whole scans of their own, and who bears witness.
struct complete_scans {
    std::vector<std::vector<std::size_t>> parts;
    std::vector<std::string_view> fields;
    std::set<witness> witnesses;
    bool woven = false;
};

inline std::optional<complete_scans> complete_scans_of(std::span<const slice_header> headers,
                                                       std::span<const std::size_t> members,
                                                       const std::vector<parting>& all, const parting& one,
                                                       double tolerance) {
    if (one.parts > 8) return {};
    complete_scans result;
    result.parts = one.split(members);
    for (const auto& part : result.parts)
        if (part.size() < smallest_scan || !is_even(headers, part, tolerance)) return {};
    result.woven = interleaved(headers, result.parts[0], result.parts[1]);
    for (const auto& other : all)
        if (other.part_of == one.part_of) {
            result.witnesses.insert(other.kind);
            if (result.fields.empty() || result.fields.back() != other.field)
                result.fields.push_back(other.field);
        }
    // Two ends of one scan are numbered on; only parts that lie over each other must count by themselves.
    if (result.woven && numbered_apart(headers, result.parts)) {
        result.witnesses.insert(witness::numbering);
        result.fields.emplace_back("Instance Number");
    }
    return result;
}

inline std::string listed_names(std::span<const std::string_view> names) {
    std::vector<std::string_view> once;
    for (const auto name : names)
        if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
    std::string text;
    for (std::size_t i = 0; i < once.size(); ++i)
        text += (i == 0 ? "" : i + 1 == once.size() ? " and " : ", ") + std::string(once[i]);
    return text;
}

/// Parts slices of one plane, matrix and spacing into scans. `members` are sorted and hold no copies.
///
/// An even stack is one scan, whatever a field says, unless two witnesses agree on parts of it that are even
/// stacks themselves. Otherwise the parting is taken that leaves the fewest slices in stacks that are doubled
/// or uneven, then the fewest places doubled, and each part is looked at again.
inline void part_scans(std::span<const slice_header> headers, slice_group group, double tolerance,
                       std::vector<slice_group>& scans) {
    const auto& members = group.members;
    const auto part_into = [&](const std::vector<std::vector<std::size_t>>& parts,
                               const std::vector<std::string_view>& fields, const std::string& doubt) {
        for (std::size_t i = 0; i < parts.size(); ++i) {
            slice_group part = group;
            part.members = parts[i];
            part.copies = i == 0 ? group.copies : 0;
            part.told_by.insert(part.told_by.end(), fields.begin(), fields.end());
            if (part.doubt.empty()) part.doubt = doubt;
            part_scans(headers, std::move(part), tolerance, scans);
        }
    };
    const auto normal = plane_of(headers[members.front()]).normal;
    // Slices without a place are left together: `stack_slices` refuses them.
    if (!std::all_of(members.begin(), members.end(),
                     [&](std::size_t i) { return place_of(headers[i], normal).has_value(); })) {
        scans.push_back(std::move(group));
        return;
    }
    const auto partings = partings_of(headers, members);
    if (is_even(headers, members, tolerance)) {
        for (const auto& one : partings) {
            const auto found = complete_scans_of(headers, members, partings, one, tolerance);
            if (!found) continue;
            const auto only = *found->witnesses.begin();
            const bool passes = only == witness::acquisition || only == witness::numbering;
            if (found->witnesses.size() < 2 && !(found->woven && passes)) continue;
            std::string doubt;
            if (found->witnesses.size() < 2)
                doubt = "its slices make one even stack, and also " + std::to_string(one.parts) +
                        " whole stacks woven into each other that differ in " + listed_names(found->fields) +
                        " alone, so whether they are one scan or several can't be told";
            return part_into(found->parts, found->fields, doubt);
        }
        scans.push_back(std::move(group));
        return;
    }
    const parting* best = nullptr;
    std::tuple<std::size_t, std::size_t, std::size_t> least{members.size(), doubled_places(headers, members),
                                                            0};
    for (const auto& one : partings) {
        std::size_t bad = 0, twice = 0;
        for (const auto& part : one.split(members)) {
            if (!is_even(headers, part, tolerance)) bad += part.size();
            twice += doubled_places(headers, part);
        }
        if (const std::tuple score{bad, twice, one.parts}; score < least) least = score, best = &one;
    }
    const auto doubled = doubled_text(headers, members);
    if (!best) {
        if (!doubled.empty()) {
            std::vector<std::string_view> looked_at{"Instance Number"};
            for (const auto& field : scan_fields) looked_at.push_back(field.name);
            group.doubt = doubled + ", so several acquisitions are mixed, and none of " +
                          listed_names(looked_at) +
                          " tells whole stacks apart; export them as separate series";
            group.can_be_named = false;
        }
        scans.push_back(std::move(group));
        return;
    }
    std::string doubt;
    if (best->kind == witness::numbering)
        doubt = (doubled.empty() ? "its slices are unevenly spaced, and make " + std::to_string(best->parts) +
                                       " even stacks"
                                 : doubled) +
                " that differ in Instance Number alone";
    part_into(best->split(members), {best->field}, doubt);
}

/// All groups in the headers, named, the likeliest of a UID first. `taken_by_name` is the UID under which
/// projections count as a CT too.
inline std::vector<slice_group> group_slices(std::span<const slice_header> headers, double tolerance,
                                             std::string_view taken_by_name) {
    std::vector<slice_group> groups;
    const std::string_view named = taken_by_name.substr(0, taken_by_name.find('/'));
    for (std::size_t i = 0; i < headers.size(); ++i) {
        auto unfit = why_not_ct(headers[i]);
        if (unfit.empty() && is_projection(headers[i]) && (named.empty() || headers[i].series_uid != named))
            unfit = "projection, rendering or screen image";
        const auto home = std::find_if(groups.begin(), groups.end(), [&](const slice_group& g) {
            const auto& other = headers[g.members.front()];
            return g.unfit == unfit && (unfit.empty() ? other.study_uid == headers[i].study_uid &&
                                                            same_geometry(other, headers[i])
                                                      : other.series_uid == headers[i].series_uid);
        });
        if (home != groups.end())
            home->members.push_back(i);
        else
            groups.emplace_back().members = {i}, groups.back().unfit = unfit;
    }
    std::vector<slice_group> parted;
    for (auto& group : groups) {
        if (!group.unfit.empty()) {
            parted.push_back(std::move(group));
            continue;
        }
        drop_copies(headers, group);
        part_scans(headers, std::move(group), tolerance, parted);
    }
    // Larger stacks first, so that UID/1 is the one a user means; then whatever does not hang on file names.
    const auto rank = [&](const slice_group& g) {
        const auto& h = headers[g.members.front()];
        return std::make_tuple(!g.unfit.empty(), -static_cast<std::ptrdiff_t>(g.members.size()),
                               h.temporal_position, h.acquisition_number, h.acquisition_time, h.image_type,
                               h.convolution_kernel, h.instance_number, h.instance_uid);
    };
    std::stable_sort(parted.begin(), parted.end(),
                     [&](const slice_group& a, const slice_group& b) { return rank(a) < rank(b); });
    for (auto& group : parted) {
        std::map<std::string, std::size_t> counts;
        for (const auto i : group.members) ++counts[headers[i].series_uid];
        group.uid = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
                        return a.second < b.second;
                    })->first;
    }
    for (auto& group : parted) {
        std::size_t same = 0, number = 0;
        for (const auto& other : parted)
            if (other.uid == group.uid) {
                ++same;
                if (&other == &group) number = same;
            }
        group.name = uid_text(group.uid) + (same > 1 ? "/" + std::to_string(number) : "");
        group.from_mixed_uid = same > 1;
    }
    return parted;
}

} // namespace groundglass::reading::detail
