#pragma once

#include <groundglass/array.hpp>
#include <groundglass/config.hpp>
#include <groundglass/quantification/involvement_by_label.hpp>
#include <groundglass/quantification/involvement_measures.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::quantification {

GROUNDGLASS_INLINE std::vector<involvement_measures> involvement_by_label(const volume::lesion_ct& study,
                                                                          const array3<std::uint8_t>& labels,
                                                                          std::uint8_t count,
                                                                          high_opacity_rule rule) {
    if (shape_of(labels) != study.ct().grid().shape)
        throw std::invalid_argument("involvement_by_label: the labels' shape differs from the CT's shape");
    std::vector<involvement_counts> parts(std::size_t{count} + 1);
    const auto label = flat(labels);
    const auto hounsfield = flat(study.ct().hounsfield());
    const auto lungs = flat(study.lungs());
    const auto lesions = flat(study.lesions());
    for (std::size_t i = 0; i < label.size(); ++i) {
        if (label[i] == 0) continue;
        if (label[i] > count)
            throw std::invalid_argument("involvement_by_label: labels go from 0 to " + std::to_string(count) +
                                        ", found " + std::to_string(label[i]));
        if (lungs[i] != 0) parts[label[i]].add(hounsfield[i], lesions[i], rule);
    }
    std::vector<involvement_measures> result;
    for (std::size_t part = 1; part < parts.size(); ++part)
        result.push_back(parts[part].measures(study.ct().grid().voxel_ml()));
    return result;
}

} // namespace groundglass::quantification
