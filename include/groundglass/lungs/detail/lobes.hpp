#pragma once

#include <groundglass/config.hpp>
#include <groundglass/lungs/detail/fissure_search.hpp>
#include <groundglass/lungs/detail/fissure_surface.hpp>
#include <groundglass/lungs/detail/lung_frame.hpp>
#include <groundglass/lungs/lobes.hpp>
#include <groundglass/note.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/lobe_estimate.hpp>

#ifndef GROUNDGLASS_NO_LOBES
#include <groundglass/lungs/detail/lobe_network.hpp>
#endif

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::lungs {

namespace detail {

/// Why lungs hold less than the course of a fissure; empty where they hold it.
inline std::string why_no_lobes(const volume::geometry& grid, const lung_frame& left,
                                const lung_frame& right) {
    const auto [less, more] = std::minmax(left.voxels, right.voxels);
    if (more == 0) return "both lungs are missing";
    if (5 * less < less + more)
        return std::string("the ") + (left.voxels < right.voxels ? "left" : "right") + " lung " +
               (less == 0 ? "is missing" : "is far smaller than the other");
    for (const auto* lung : {&left, &right}) {
        const char* name = lung == &left ? "left" : "right";
        const auto is_lung = [](double area) { return area > 0; };
        const auto first = std::find_if(lung->areas.begin(), lung->areas.end(), is_lung);
        const auto last = std::find_if(lung->areas.rbegin(), lung->areas.rend(), is_lung).base() - 1;
        const auto slices = static_cast<double>(last - first + 1);
        for (std::size_t axis = 1; axis < 3; ++axis)
            if ((lung->high[axis] - lung->low[axis]) * grid.spacing_mm[axis] < 30)
                return std::string("the ") + name + " lung is too narrow";
        if (slices < 12 || slices * grid.spacing_mm[0] < 80)
            return std::string("the ") + name + " lung is in too few slices";
        // Apex and base taper off; thick slices begin with more of them.
        const double most = *std::max_element(lung->areas.begin(), lung->areas.end()) *
                            std::min(0.25 + 0.02 * grid.spacing_mm[0], 0.45);
        if (*first > most || *last > most)
            return std::string("the ") + name + " lung is cut off at its " +
                   (*first > most ? "base" : "apex");
    }
    return {};
}

#ifndef GROUNDGLASS_NO_LOBES

/// How far an outline may depart from the mean one, in mean squares of those learned from. The strangest that
/// a network had not seen has 2.7.
inline constexpr double strangest_outline = 4;

/// How far the outlines of both lungs depart from the mean ones; 1 on average for those learned from.
inline double strangeness(const feature_maps& right, const feature_maps& left) {
    double sum = 0;
    volume::detail::weight_text centre(lobe_table::centre, lobe_table::zero, lobe_table::left_out);
    for (const auto* side : {&right, &left}) {
        const auto outline = halved(*side);
        double squares = 0;
        for (const float share : outline.map(0)) {
            const double off =
                share - (static_cast<double>(centre.next()) + lobe_table::levels) / (2 * lobe_table::levels);
            squares += off * off;
        }
        sum += squares / lobe_table::departure[side == &left ? 1 : 0];
    }
    return sum / 2;
}

/// Labels of the lobes by the fissures.
inline array3<std::uint8_t> labels_by(const std::array<fissure_surface, 3>& fissures,
                                      const array3<std::uint8_t>& lungs, const lung_frame& right,
                                      const lung_frame& left) {
    const auto shape = shape_of(lungs);
    auto result = make_array<std::uint8_t>(shape);
    const auto label = [](volume::lobe_label lobe) { return static_cast<std::uint8_t>(lobe); };
    for (std::size_t s = 0; s < shape[0]; ++s) {
        const auto from = slice_of(lungs, s);
        const auto to = slice_of(result, s);
        const double right_height = right.height(static_cast<double>(s)),
                     left_height = left.height(static_cast<double>(s));
        for (std::size_t r = 0; r < shape[1]; ++r) {
            const double right_depth = right.depth(static_cast<double>(r)),
                         left_depth = left.depth(static_cast<double>(r));
            for (std::size_t c = 0; c < shape[2]; ++c) {
                const auto lung = from[r * shape[2] + c];
                if (lung == 0) continue;
                auto& lobe = to[r * shape[2] + c];
                if (lung == static_cast<std::uint8_t>(volume::lung_label::left)) {
                    const lung_place at{left.across(static_cast<double>(c)), left_depth, left_height};
                    lobe = label(fissures[2].is_above(at) ? volume::lobe_label::left_upper
                                                          : volume::lobe_label::left_lower);
                    continue;
                }
                const lung_place at{right.across(static_cast<double>(c)), right_depth, right_height};
                lobe = label(!fissures[0].is_above(at)  ? volume::lobe_label::right_lower
                             : fissures[1].is_above(at) ? volume::lobe_label::right_upper
                                                        : volume::lobe_label::right_middle);
            }
        }
    }
    return result;
}

#endif

} // namespace detail

GROUNDGLASS_INLINE bool lobes_are_built() {
#ifdef GROUNDGLASS_NO_LOBES
    return false;
#else
    return true;
#endif
}

GROUNDGLASS_INLINE lobes::lobes(lobes_options options) : options_(options) {
    if (!(options_.thickest_slice_mm >= 0 && options_.thickest_slice_mm <= 100))
        throw std::invalid_argument("lobes: thickest_slice_mm must be from 0 to 100, found " +
                                    std::to_string(options_.thickest_slice_mm));
}

GROUNDGLASS_INLINE volume::lung_ct lobes::operator()(const volume::lung_ct& study) const {
    if (study.lobes()) return study;
    const auto without = [&](const std::string& why) {
        return study.divided(
            nullptr, study.segments(),
            {{note_level::info, "lobes_not_estimated", "No lobes were estimated: " + why + "."}});
    };
#ifdef GROUNDGLASS_NO_LOBES
    return without("the library was built without its table of lobes");
#else
    namespace table = detail::lobe_table;
    const auto& lungs = study.lungs();
    const auto left = detail::lung_frame::of(lungs, volume::lung_label::left, table::outside_share);
    const auto right = detail::lung_frame::of(lungs, volume::lung_label::right, table::outside_share);
    if (const auto why = detail::why_no_lobes(study.ct().grid(), left, right); !why.empty())
        return without(why);
    const auto right_shares = detail::outline_of(lungs, right, table::cells),
               left_shares = detail::outline_of(lungs, left, table::cells);
    const auto right_shape = detail::shape_maps(right, right_shares, left_shares),
               left_shape = detail::shape_maps(left, left_shares, right_shares);
    if (detail::strangeness(right_shape, left_shape) > detail::strangest_outline)
        return without("the lungs' outline is unlike those that their fissures were learned from");

    const auto above_right = detail::above_fissures(right_shape),
               above_left = detail::above_fissures(left_shape);
    std::array fissures{detail::surface_between(above_right.map(0), right, false),
                        detail::surface_between(above_right.map(1), right, true),
                        detail::surface_between(above_left.map(0), left, false)};
    volume::lobe_estimate how;
    constexpr std::array order{volume::fissure::right_oblique, volume::fissure::right_horizontal,
                               volume::fissure::left_oblique};
    for (std::size_t k = 0; k < order.size(); ++k)
        how.fissures[static_cast<std::size_t>(order[k])].expected_error_mm = table::expected_error_mm[k];
    // What the first round draws near is within reach of the second.
    constexpr int rounds = 2;
    if (options_.fissures && study.ct().grid().spacing_mm[0] <= options_.thickest_slice_mm)
        for (std::size_t k = 0; k < order.size(); ++k) {
            const auto belongs = [&](const detail::lung_place& at) {
                return k != 1 || fissures[0].is_above(at);
            };
            auto& seen = how.fissures[static_cast<std::size_t>(order[k])].seen;
            for (int round = 0; round < rounds; ++round)
                seen = detail::draw_to_fissure(fissures[k], study.ct(), lungs, k == 2 ? left : right,
                                               table::expected_error_mm[k], belongs);
        }
    auto labels = detail::labels_by(fissures, lungs, right, left);
    std::array<std::size_t, volume::lobe_count + 1> voxels{};
    for (const auto lobe : flat(labels)) ++voxels[lobe];
    if (std::find(voxels.begin(), voxels.end(), 0U) != voxels.end())
        return without("the lungs leave no room for one of them");
    return study.with_estimated_lobes(
        std::move(labels), how,
        {{note_level::info, "lobes_estimated",
          how.by_fissures() ? "The lobes were estimated from the lungs' shape and what fissures the CT shows."
                            : "The lobes were estimated from the lungs' shape alone."}});
#endif
}

} // namespace groundglass::lungs
