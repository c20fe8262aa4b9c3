#pragma once

#include <groundglass/lungs/label_numbering.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/lung_ct.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace groundglass::lungs {

namespace detail {

/// Remarks on what a map leaves of the lungs; refuses one that leaves everything.
template <class T>
[[nodiscard]] notes check_coverage(const volume::lung_ct& study, const array3<T>& parts,
                                   const std::string& what) {
    const auto lungs = flat(study.lungs());
    const auto part = flat(parts);
    std::size_t lung = 0, covered = 0;
    for (std::size_t i = 0; i < lungs.size(); ++i) {
        lung += lungs[i] != 0;
        covered += lungs[i] != 0 && part[i] != 0;
    }
    if (covered == 0)
        throw std::invalid_argument("with_" + what + ": the map of the " + what +
                                    " does not meet the lungs anywhere");
    // The borders of two segmentations differ by a voxel or so, a few percent of the volume.
    const auto percent = 100 * (lung - covered) / lung;
    if (percent < 10) return {};
    return {{note_level::warning, what + "_incomplete",
             std::to_string(percent) + " % of the lungs lie in none of the given " + what + "."}};
}

/// What a map of lobes holds of one value inside the lungs.
struct lobe_place {
    std::size_t value = 0;
    double left = 0; ///< voxels in the left lung
    double right = 0;
    double all = 0;    ///< voxels in the map
    double height = 0; ///< mm towards the head
    double ahead = 0;  ///< mm towards the head and the front together: across the oblique fissures

    [[nodiscard]] double inside() const { return left + right; }
    /// Whether two thirds or more of what lies in the lungs lies in this one.
    [[nodiscard]] bool lies(bool in_left) const { return 3 * (in_left ? left : right) >= 2 * inside(); }
};

/// Whether three lobes can be right upper, right middle and right lower, or two the left ones, by their
/// places; each difference must be above `margin` mm. Null stands for a lobe that is not there.
inline bool in_order(const std::array<const lobe_place*, volume::lobe_count>& lobes, double margin) {
    const auto before = [&](const lobe_place* a, const lobe_place* b, double lobe_place::*by) {
        return !a || !b || a->*by - b->*by > margin;
    };
    return before(lobes[0], lobes[1], &lobe_place::ahead) && before(lobes[2], lobes[4], &lobe_place::ahead) &&
           before(lobes[3], lobes[4], &lobe_place::ahead) && before(lobes[2], lobes[3], &lobe_place::height);
}

/// Which lobe each value of a map stands for, by number and place.
struct lobe_reading {
    relabelling labels;
    notes remarks;
};

/// Values of which less than a part lies in the lungs are other organs.
template <class T>
std::vector<lobe_place> lobe_places(const volume::lung_ct& study, const array3<T>& map, bool typed) {
    const auto& grid = study.ct().grid();
    std::map<std::size_t, lobe_place> found;
    for (const auto side : {volume::lung_label::left, volume::lung_label::right}) {
        auto within = map;
        const auto lungs = flat(study.lungs());
        const auto kept = flat(within);
        for (std::size_t i = 0; i < kept.size(); ++i)
            if (lungs[i] != static_cast<std::uint8_t>(side)) kept[i] = 0;
        const auto raw = label_places(within);
        for (const auto& place : typed ? without_chest_types(raw) : raw) {
            const auto n = static_cast<double>(place.voxels);
            const auto at = grid.position_mm(place.centre[0], place.centre[1], place.centre[2]);
            auto& entry = found[place.value];
            const double before = entry.inside();
            entry.value = place.value;
            (side == volume::lung_label::left ? entry.left : entry.right) = n;
            entry.height = (before * entry.height + n * at[2]) / (before + n);
            entry.ahead = (before * entry.ahead + n * (at[2] - at[1])) / (before + n);
        }
    }
    std::vector<lobe_place> result;
    const auto raw = label_places(map);
    for (const auto& place : typed ? without_chest_types(raw) : raw)
        if (const auto at = found.find(place.value); at != found.end()) {
            at->second.all = static_cast<double>(place.voxels);
            result.push_back(at->second);
        }
    return result;
}

inline constexpr std::array<const char*, volume::lobe_count> lobe_names{
    "left upper", "left lower", "right upper", "right middle", "right lower"};

/// The lobes of a map, by number where the places agree with it, else by place alone.
template <class T>
[[nodiscard]] lobe_reading read_lobes(const volume::lung_ct& study, const array3<T>& map) {
    const auto raw = label_places(map);
    const bool typed = has_chest_types(raw);
    const auto places = lobe_places(study, map, typed);
    // The smallest difference of the lobes' places in 41 studies of LIDC-IDRI is 0.12 of the lungs' height
    // (`ahead`: 0.18).
    const auto lungs = volume::bounding_box(
        volume::mask_where(study.lungs(), [](std::uint8_t label) { return label != 0; }));
    const auto& grid = study.ct().grid();
    const double height =
        lungs.voxels == 0 ? 0 : static_cast<double>(lungs.last[0] - lungs.first[0] + 1) * grid.spacing_mm[0];
    const double margin = 0.03 * height;
    double covered = 0;
    for (const auto& place : places) covered += place.inside();
    const auto is_lobe = [](const lobe_place& place) { return 2 * place.inside() >= place.all; };

    const auto fits = [&](const lobe_numbering& known) {
        std::array<const lobe_place*, volume::lobe_count> lobes{};
        double without = 0;
        for (const auto& place : places) {
            const auto at = std::find(known.values.begin(), known.values.end(), place.value);
            if (at != known.values.end()) {
                const auto k = static_cast<std::size_t>(at - known.values.begin());
                if (!place.lies(k < 2)) return false;
                lobes[k] = &place;
            } else if (is_lobe(place) && !known.whole_body) {
                // The lung of which the Chest Imaging Platform knows no lobe.
                if (known.values[2] != 4 || place.value > 3) return false;
                without += place.inside();
            }
        }
        const auto there =
            volume::lobe_count - static_cast<std::size_t>(std::count(lobes.begin(), lobes.end(), nullptr));
        if (there == 0 || 100 * without > covered) return false;
        // The own numbers hold unless the places speak against them.
        return in_order(lobes, &known == lobe_numberings.data() ? -margin : margin);
    };
    const auto say = [&](lobe_reading& reading, const std::array<std::size_t, volume::lobe_count>& values,
                         const std::string& how) {
        std::string text = "The lobes of the given map follow from where its values lie: ";
        std::size_t named = 0;
        for (std::size_t k = 0; k < volume::lobe_count; ++k) {
            if (std::none_of(places.begin(), places.end(),
                             [&](const auto& p) { return p.value == values[k]; }))
                continue;
            if (named++ > 0) text += ", ";
            text += std::to_string(values[k]);
            text += std::string(" ") + lobe_names[k];
        }
        reading.remarks.push_back({sides_are_assumed(study.ct()) ? note_level::warning : note_level::info,
                                   "lobes_relabelled", text + how + "."});
    };
    const auto reading_of = [&](const std::array<std::size_t, volume::lobe_count>& values) {
        lobe_reading reading{relabelling(typed), {}};
        for (std::size_t k = 0; k < volume::lobe_count; ++k)
            reading.labels.set(values[k], static_cast<std::uint8_t>(k + 1));
        return reading;
    };

    std::vector<const lobe_numbering*> fitting;
    for (const auto& known : lobe_numberings)
        if (fits(known)) fitting.push_back(&known);
    const auto lobes_there = [&](const lobe_numbering& known) {
        return std::count_if(places.begin(), places.end(),
                             [&](const auto& place) { return holds(known.values, place.value); });
    };
    std::vector<std::size_t> values;
    for (const auto& place : places)
        if (is_lobe(place)) values.push_back(place.value);
    if (values.empty())
        for (const auto& place : places) values.push_back(place.value);
    const auto refuse = [&](const std::string& why) {
        throw std::invalid_argument(
            "with_lobes: the map holds the value" + std::string(values.size() == 1 ? " " : "s ") +
            listed(values) + " in the lungs, " + why +
            "; number them 1 left upper, 2 left lower, 3 right upper, 4 right middle, 5 right lower");
    };
    if (!fitting.empty()) {
        const auto& first = *fitting.front();
        const bool own = &first == lobe_numberings.data();
        if (fitting.size() > 1 && !(own && lobes_there(first) >= 3))
            refuse("which may be the lobes of " + std::string(first.name) + " or of " + fitting[1]->name);
        auto reading = reading_of(first.values);
        if (!own) say(reading, first.values, std::string(", as in ") + first.name);
        return reading;
    }

    std::vector<const lobe_place*> left, right;
    for (const auto& place : places) {
        if (!is_lobe(place)) continue;
        if (place.lies(true)) left.push_back(&place);
        if (place.lies(false)) right.push_back(&place);
    }
    if (values.size() != volume::lobe_count || left.size() != 2 || right.size() != 3)
        refuse("of which " + std::to_string(left.size()) + " lie on the left and " +
               std::to_string(right.size()) + " on the right: not the two and three lobes of the lungs");
    const auto descending = [](double lobe_place::*by) {
        return [by](const lobe_place* a, const lobe_place* b) { return a->*by > b->*by; };
    };
    std::sort(left.begin(), left.end(), descending(&lobe_place::ahead));
    std::sort(right.begin(), right.end(), descending(&lobe_place::ahead));
    std::sort(right.begin(), right.begin() + 2, descending(&lobe_place::height));
    if (!in_order({left[0], left[1], right[0], right[1], right[2]}, margin))
        refuse("which do not lie to each other as lobes do");
    const std::array<std::size_t, volume::lobe_count> by_place{
        left[0]->value, left[1]->value, right[0]->value, right[1]->value, right[2]->value};
    auto reading = reading_of(by_place);
    say(reading, by_place, "");
    return reading;
}

} // namespace detail

/// The lungs with a map of their lobes, as another program finds them.
///
/// `given` has the CT's shape and holds `lobe_label` values, or those of another of `lobe_numberings` or any
/// other five: which lobe a value is follows from its place in the lungs, two on the left and three on the
/// right, in the order of their heights and across the fissures. Numbers in use may lack lobes; other organs
/// and airways beside the lungs are left out. Remarks: `lobes_relabelled` where the numbers are not those of
/// `lobe_label`, `lobes_incomplete` where a tenth of the lungs or more has no lobe, `lobes_on_other_side`
/// where a tenth of the lobes or more lies in the other lung, `lobe_missing` where a lobe has no lung: scores
/// of lobes have no answer then. Throws `std::invalid_argument` for another shape, a map that does not meet
/// the lungs, and values that can't be told as lobes. Some passes; memory that of the map once more.
template <volume::label_value T>
[[nodiscard]] volume::lung_ct with_lobes(const volume::lung_ct& study, const array3<T>& given) {
    if (shape_of(given) != study.ct().grid().shape)
        throw std::invalid_argument("with_lobes: the map's shape differs from the CT's shape");
    (void)detail::check_coverage(study, given, "lobes");
    auto reading = detail::read_lobes(study, given);
    const auto lobes = shared(reading.labels.apply(given));
    auto remarks = std::move(reading.remarks);
    const auto coverage = detail::check_coverage(study, *lobes, "lobes");
    remarks.insert(remarks.end(), coverage.begin(), coverage.end());
    std::array<std::size_t, volume::lobe_count + 1> voxels{};
    std::size_t covered = 0, astray = 0;
    const auto lungs = flat(study.lungs());
    const auto lobe = flat(*lobes);
    for (std::size_t i = 0; i < lungs.size(); ++i) {
        if (lungs[i] == 0 || lobe[i] == 0) continue;
        ++voxels[lobe[i]];
        ++covered;
        const bool left = lobe[i] <= static_cast<std::uint8_t>(volume::lobe_label::left_lower);
        astray += left != (lungs[i] == static_cast<std::uint8_t>(volume::lung_label::left));
    }
    if (10 * astray >= covered)
        remarks.push_back(
            {note_level::warning, "lobes_on_other_side",
             std::to_string(100 * astray / covered) + " % of the given lobes lie in the other lung."});
    for (std::size_t label = 1; label <= volume::lobe_count; ++label)
        if (voxels[label] == 0)
            remarks.push_back({note_level::warning, "lobe_missing",
                               "The given map has no " + std::string(detail::lobe_names[label - 1]) +
                                   " lobe; scores of lobes have no answer."});
    return study.divided(lobes, study.segments(), remarks);
}

/// The lungs with a map of twenty segments, labels 1 to 20. Remark: `segments_incomplete` where a tenth of
/// the lungs or more has no segment. Throws `std::invalid_argument` for another shape, a value above 20, and
/// a map that does not meet the lungs. Two passes.
[[nodiscard]] inline volume::lung_ct with_segments(const volume::lung_ct& study,
                                                   array3<std::uint8_t> segments) {
    const auto result = study.divided(study.lobes(), shared(std::move(segments)));
    return study.divided(study.lobes(), result.segments(),
                         detail::check_coverage(study, *result.segments(), "segments"));
}

} // namespace groundglass::lungs
