#pragma once

#include <groundglass/config.hpp>
#include <groundglass/volume/lesion_uncertainty.hpp>

#include <stdexcept>
#include <string>

namespace groundglass::volume {

GROUNDGLASS_INLINE void check(const lesion_uncertainty& doubt, const shape3& shape) {
    const auto refuse = [](const std::string& what) {
        throw std::invalid_argument("lesion_uncertainty: " + what);
    };
    double before = 0;
    for (const double level : doubt.levels) {
        if (!(level > before && level < 1))
            refuse("levels must ascend between 0 and 1, found " + std::to_string(level) + " after " +
                   std::to_string(before));
        before = level;
    }
    if (doubt.levels.size() > lesion_uncertainty::place)
        refuse("at most " + std::to_string(lesion_uncertainty::place) + " levels are allowed, found " +
               std::to_string(doubt.levels.size()));
    if (doubt.levels.empty() != (doubt.first_level == nullptr))
        refuse("levels and first_level must be given together");
    if (!doubt.first_level) return;
    if (shape_of(*doubt.first_level) != shape) refuse("the map's shape differs from the CT's shape");
    for (const auto value : flat(*doubt.first_level))
        if ((value & lesion_uncertainty::place) > doubt.levels.size())
            refuse("the map names level " + std::to_string(value & lesion_uncertainty::place) + " of " +
                   std::to_string(doubt.levels.size()));
}

} // namespace groundglass::volume
