#pragma once

#include "pybind.hpp"
#include <groundglass/quantification/involvement_measures.hpp>

#include <stdexcept>
#include <string>

namespace groundglass::bindings {

/// The rule's name in Python.
inline const char* rule_name(high_opacity_rule rule) {
    return rule == high_opacity_rule::consolidation ? "consolidation" : "above_minus_200_hu";
}

/// Throws `std::invalid_argument`, naming the stage, for another name.
inline high_opacity_rule rule_of(const std::string& name, const char* stage) {
    if (name == "consolidation") return high_opacity_rule::consolidation;
    if (name == "above_minus_200_hu") return high_opacity_rule::above_minus_200_hu;
    throw std::invalid_argument(std::string(stage) +
                                ": high_opacity must be 'consolidation' or 'above_minus_200_hu', found '" +
                                name + "'");
}

} // namespace groundglass::bindings
