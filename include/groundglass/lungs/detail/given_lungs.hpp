#pragma once

#include <groundglass/lungs/body_middle.hpp>
#include <groundglass/lungs/detail/label_numbering.hpp>
#include <groundglass/lungs/detail/label_places.hpp>
#include <groundglass/lungs/detail/lung_sides.hpp>
#include <groundglass/lungs/given_lungs.hpp>
#include <groundglass/note.hpp>
#include <groundglass/volume/components.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::lungs {

namespace detail {

/// Lung of which the map does not tell the side.
constexpr std::uint8_t either_lung = 3;

/// Which values stand for the left and the right lung, for a lung whose side is not told, and for what is no
/// lung.
struct lung_numbering {
    const char* name = "";
    std::vector<std::size_t> left;
    std::vector<std::size_t> right;
    std::vector<std::size_t> either;
    std::vector<std::size_t> none;
    bool whole_body = false;
};

/// Those that explain every value of a map come before those that leave other organs out.
inline std::vector<lung_numbering> lung_numberings() {
    std::vector<lung_numbering> result;
    const auto add_lobes = [&](bool whole_body) {
        for (const auto& lobes : lobe_numberings)
            if (lobes.whole_body || !whole_body)
                result.push_back({lobes.name,
                                  {lobes.values[0], lobes.values[1]},
                                  {lobes.values[2], lobes.values[3], lobes.values[4]},
                                  {},
                                  {},
                                  whole_body});
    };
    add_lobes(false);
    result.push_back({"the Chest Imaging Platform",
                      {chest_left.begin(), chest_left.end()},
                      {chest_right.begin(), chest_right.end()},
                      {chest_whole_lung},
                      {}});
    result.push_back({"LUNA16", {3}, {4}, {}, {5}}); // its page; 5 is the trachea
    add_lobes(true);
    return result;
}

/// How two parts of a lung map lie to each other across the slices.
struct two_sides {
    bool apart = false;        ///< whether they lie side by side
    bool swapped = false;      ///< whether the first lies on the right
    double middle = 0;         ///< the column between them
    volume::vector3 centres{}; ///< of 1 and 2, by number
};

/// `sides` holds 1 and 2. They lie side by side where their centres are a quarter of the lungs' width apart
/// and no more than a fifth of either lies beyond the middle between these.
inline two_sides compare_sides(const array3<std::uint8_t>& sides) {
    const auto columns = shape_of(sides)[2];
    std::array<std::vector<std::size_t>, 4> counts;
    counts.fill(std::vector<std::size_t>(columns));
    for_each_label_run(sides,
                       [&](std::size_t, std::size_t, std::size_t begin, std::size_t end, std::uint8_t side) {
                           for (std::size_t column = begin; column < end; ++column) ++counts[side][column];
                       });
    two_sides result;
    std::array<double, 3> voxels{};
    std::size_t first = columns, last = 0;
    for (std::size_t side = 1; side <= 2; ++side) {
        for (std::size_t column = 0; column < columns; ++column) {
            if (counts[side][column] == 0) continue;
            first = std::min(first, column);
            last = std::max(last, column);
            voxels[side] += static_cast<double>(counts[side][column]);
            result.centres[side] += static_cast<double>(column * counts[side][column]);
        }
        if (voxels[side] == 0) return result;
        result.centres[side] /= voxels[side];
    }
    result.middle = 0.5 * (result.centres[1] + result.centres[2]);
    result.swapped = result.centres[1] < result.centres[2];
    result.apart =
        std::abs(result.centres[1] - result.centres[2]) >= 0.25 * static_cast<double>(last - first + 1);
    for (std::size_t side = 1; side <= 2; ++side) {
        double beyond = 0;
        for (std::size_t column = 0; column < columns; ++column) {
            const bool is_left = static_cast<double>(column) > result.middle;
            if (is_left != ((side == 1) != result.swapped))
                beyond += static_cast<double>(counts[side][column]);
        }
        result.apart = result.apart && 5 * beyond <= voxels[side];
    }
    return result;
}

/// The refusal that names the values and the cure.
[[noreturn]] inline void refuse_lungs(const std::vector<label_place>& places, const std::string& why) {
    throw std::invalid_argument("with_lungs: the mask holds the value" +
                                std::string(places.size() > 1 ? "s " : " ") + listed(values_of(places)) +
                                ", " + why +
                                "; give 1 for the left and 2 for the right lung, or one value for both");
}

/// Left and right in a mask that does not tell them apart: `lungs` holds 1 for both, and is painted anew.
inline notes tell_sides(const volume::ct_volume& ct, array3<std::uint8_t>& lungs, std::size_t value) {
    auto sides = find_sides(ct, volume::mask_where(lungs, [](std::uint8_t label) { return label != 0; }));
    lungs = std::move(sides.labels);
    if (sides.how == sides_by::parts)
        return {{note_level::info, "lungs_separated",
                 "The given mask has one value for both lungs; left and right were told apart."}};
    if (sides.how == sides_by::cut)
        return {{note_level::warning, "lungs_cut_at_middle",
                 "The given mask has one value for both lungs, and these can't be told apart by their shape: "
                 "they were cut at the middle of the body, so the sides are rough."}};
    const auto painted = flat(lungs);
    const bool is_left = 2 * std::count(painted.begin(), painted.end(), left_lung) >
                         std::count_if(painted.begin(), painted.end(), [](auto label) { return label != 0; });
    const std::string side = is_left ? "left" : "right";
    const std::string found = "The given mask has one lung, with the value " + std::to_string(value);
    if (sides.how == sides_by::near_middle)
        return {
            {note_level::warning, "lung_side_uncertain",
             found + ", near the middle of the body: it was taken as the " + side + " one by its place."}};
    if (value == (is_left ? left_lung : right_lung)) return {};
    return {{note_level::warning, "lungs_relabelled",
             found + ", on the " + side + " of the body: it was taken as the " + side + " one."}};
}

inline std::string sides_text(const std::vector<std::size_t>& left, const std::vector<std::size_t>& right) {
    return listed(left) + " left, " + listed(right) + " right";
}

} // namespace detail

template <volume::label_value T>
volume::lung_ct with_lungs(const volume::ct_volume& ct, const array3<T>& given) {
    using detail::left_lung, detail::right_lung, detail::either_lung;
    if (shape_of(given) != ct.grid().shape)
        throw std::invalid_argument("with_lungs: the mask's shape differs from the CT's shape");
    const auto raw = label_places(given);
    const bool typed = detail::has_chest_types(raw);
    const auto places = typed ? detail::without_chest_types(raw) : raw;
    detail::relabelling relabel(typed);
    array3<std::uint8_t> lungs;
    notes found;
    const auto by_place = [&](const std::string& how) {
        found.push_back({sides_are_assumed(ct) ? note_level::warning : note_level::info, "lungs_relabelled",
                         "The sides of the given mask follow from where its values lie: " + how + "."});
    };
    const auto alone = [&] {
        for (const auto& place : places) relabel.set(place.value, left_lung);
        lungs = relabel.apply(given);
        const auto largest = std::max_element(
            places.begin(), places.end(), [](const auto& a, const auto& b) { return a.voxels < b.voxels; });
        found = detail::tell_sides(ct, lungs, largest->value);
    };
    const auto pair = [&] {
        relabel.set(places[0].value, left_lung);
        relabel.set(places[1].value, right_lung);
        lungs = relabel.apply(given);
        const auto sides = detail::compare_sides(lungs);
        if (!sides.apart) detail::refuse_lungs(places, "which do not lie on the two sides of the body");
        const auto box =
            volume::bounding_box(volume::mask_where(lungs, [](std::uint8_t label) { return label != 0; }));
        const auto body = middle_of_body(ct, box.first[0], box.last[0]);
        const double low = std::min(sides.centres[1], sides.centres[2]),
                     high = std::max(sides.centres[1], sides.centres[2]);
        if (low > body.column + 0.05 * body.width || high < body.column - 0.05 * body.width)
            detail::refuse_lungs(places, std::string("which lie both on the ") +
                                             (low > body.column ? "left" : "right") + " of the body");
        if (sides.swapped)
            for (auto& label : flat(lungs))
                if (label != 0) label = static_cast<std::uint8_t>(3 - label);
        const auto left = places[sides.swapped ? 1 : 0].value, right = places[sides.swapped ? 0 : 1].value;
        if (left != left_lung || right != right_lung) by_place(detail::sides_text({left}, {right}));
    };
    /// Whether the mask is numbered so; the lungs are painted then.
    const auto numbered_as = [&](const detail::lung_numbering& known) {
        detail::relabelling table(typed);
        std::vector<std::size_t> left, right;
        std::size_t lung = 0, either = 0, none = 0;
        for (const auto& [value, voxels, centre] : places) {
            const bool is_left = detail::holds(known.left, value),
                       is_right = detail::holds(known.right, value);
            const bool is_either = detail::holds(known.either, value);
            if (is_left || is_right || is_either) {
                table.set(value, is_left ? left_lung : is_right ? right_lung : either_lung);
                lung += voxels;
            }
            if (is_left)
                left.push_back(value);
            else if (is_right)
                right.push_back(value);
            else if (is_either)
                either += voxels;
            else if (detail::holds(known.none, value))
                none += voxels;
            else if (!known.whole_body)
                return false;
        }
        if (left.empty() || right.empty() || 100 * either > lung || 20 * none > lung) return false;
        if (known.whole_body && left.size() + right.size() < volume::lobe_count) return false;
        auto painted = table.apply(given);
        const auto sides = detail::compare_sides(painted);
        if (!sides.apart || sides.swapped) return false;
        if (either > 0)
            detail::for_each_label_run(painted, [&](std::size_t s, std::size_t r, std::size_t begin,
                                                    std::size_t end, std::uint8_t label) {
                if (label != either_lung) return;
                for (std::size_t column = begin; column < end; ++column)
                    painted(s, r, column) =
                        static_cast<double>(column) > sides.middle ? left_lung : right_lung;
            });
        lungs = std::move(painted);
        by_place(detail::sides_text(left, right) + ", as in " + known.name);
        return true;
    };

    if (places.empty())
        lungs = make_array<std::uint8_t>(ct.grid().shape);
    else if (places.size() == 1)
        alone();
    else if (places.size() == 2) {
        const auto [less, more] = std::minmax(places[0].voxels, places[1].voxels);
        if (1000 * less < less + more) // specks
            alone();
        else
            pair();
    } else {
        const auto known = detail::lung_numberings();
        if (!std::any_of(known.begin(), known.end(), numbered_as))
            detail::refuse_lungs(places, "of which it is not certain what they stand for");
    }
    const auto doubts = assess_lungs(ct, lungs);
    found.insert(found.end(), doubts.begin(), doubts.end());
    return {ct, std::move(lungs), std::move(found)};
}

} // namespace groundglass::lungs
