#pragma once

#include <groundglass/volume/lung_ct.hpp>

#include <array>

namespace groundglass {

namespace detail {

/// Remarks on what a map leaves of the lungs; refuses one that leaves everything.
[[nodiscard]] inline notes check_coverage(const lung_ct& study, const array3<std::uint8_t>& parts,
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

} // namespace detail

/// The lungs with a map of their lobes, as another program finds them.
///
/// `lobes` has the CT's shape and holds `lobe_label` values. Remarks: `lobes_incomplete` where a tenth of the
/// lungs or more has no lobe, `lobes_on_other_side` where a tenth of the lobes or more lies in the other
/// lung, which is what another order of labels looks like, `lobe_missing` where a lobe has no lung: scores of
/// lobes have no answer then. Throws `std::invalid_argument` for another shape, a value above 5, and a map
/// that does not meet the lungs. Two passes.
[[nodiscard]] inline lung_ct with_lobes(const lung_ct& study, array3<std::uint8_t> lobes) {
    const auto result = study.divided(share(std::move(lobes)), study.segments());
    auto remarks = detail::check_coverage(study, *result.lobes(), "lobes");
    std::array<std::size_t, lobe_count + 1> voxels{};
    std::size_t covered = 0, astray = 0;
    const auto lungs = flat(study.lungs());
    const auto lobe = flat(*result.lobes());
    for (std::size_t i = 0; i < lungs.size(); ++i) {
        if (lungs[i] == 0 || lobe[i] == 0) continue;
        ++voxels[lobe[i]];
        ++covered;
        const bool left = lobe[i] <= static_cast<std::uint8_t>(lobe_label::left_lower);
        astray += left != (lungs[i] == static_cast<std::uint8_t>(lung_label::left));
    }
    if (10 * astray >= covered)
        remarks.push_back(
            {note_level::warning, "lobes_on_other_side",
             std::to_string(100 * astray / covered) +
                 " % of the given lobes lie in the other lung; the labels must be 1 left upper, 2 "
                 "left lower, 3 right upper, 4 right middle, 5 right lower."});
    constexpr std::array<const char*, lobe_count + 1> names{
        "", "left upper", "left lower", "right upper", "right middle", "right lower"};
    for (std::size_t label = 1; label <= lobe_count; ++label)
        if (voxels[label] == 0)
            remarks.push_back({note_level::warning, "lobe_missing",
                               "The given map has no " + std::string(names[label]) +
                                   " lobe; scores of lobes have no answer."});
    return study.divided(result.lobes(), study.segments(), remarks);
}

/// The lungs with a map of twenty segments, labels 1 to 20. Remark: `segments_incomplete` where a tenth of
/// the lungs or more has no segment. Throws `std::invalid_argument` for another shape, a value above 20, and
/// a map that does not meet the lungs. Two passes.
[[nodiscard]] inline lung_ct with_segments(const lung_ct& study, array3<std::uint8_t> segments) {
    const auto result = study.divided(study.lobes(), share(std::move(segments)));
    return study.divided(study.lobes(), result.segments(),
                         detail::check_coverage(study, *result.segments(), "segments"));
}

} // namespace groundglass
