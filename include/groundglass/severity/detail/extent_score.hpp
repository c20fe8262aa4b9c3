#pragma once

#include <groundglass/config.hpp>
#include <groundglass/severity/detail/ct_grade.hpp>
#include <groundglass/severity/extent_score.hpp>

#include <span>
#include <stdexcept>
#include <string>

namespace groundglass::severity {

GROUNDGLASS_INLINE int extent_points(extent_convention convention, double fraction, double absent_below) {
    const auto definition = definition_of(convention);
    detail::check_fraction(std::string(definition.name), fraction);
    if (fraction == 0 || fraction < absent_below) return definition.lowest;
    int points = definition.first;
    for (const auto& border : definition.borders)
        points += border.to_lower ? fraction > border.fraction : fraction >= border.fraction;
    return points;
}

GROUNDGLASS_INLINE int extent_score(extent_convention convention, std::span<const double> fractions,
                                    double absent_below) {
    const auto definition = definition_of(convention);
    if (fractions.size() != definition.region_count)
        throw std::invalid_argument(std::string(definition.name) + ": " +
                                    std::to_string(definition.region_count) + " fractions are needed (" +
                                    std::string(definition.regions) + "), found " +
                                    std::to_string(fractions.size()));
    int sum = 0;
    for (const double fraction : fractions) sum += extent_points(convention, fraction, absent_below);
    return sum;
}

} // namespace groundglass::severity
