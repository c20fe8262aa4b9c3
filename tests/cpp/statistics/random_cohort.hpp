#pragma once

#include <groundglass/statistics/bootstrap.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

/// A small cohort: values on a lattice, so that ties and grid points are hit; every class has a patient.
struct random_cohort {
    std::vector<double> values;
    std::vector<std::size_t> classes;

    random_cohort(groundglass::statistics::random_stream& random, std::size_t class_count, std::uint32_t most,
                  std::uint32_t lattice) {
        const std::size_t n = class_count + 1 + random.below(most);
        for (std::size_t i = 0; i < n; ++i) {
            classes.push_back(i < class_count ? i : random.below(static_cast<std::uint32_t>(class_count)));
            const double shift = random.below(3) == 0 ? 0 : static_cast<double>(classes.back()) * 0.15;
            values.push_back(
                std::min(1.0, static_cast<double>(random.below(lattice)) / lattice * 0.7 + shift));
        }
        values[0] = 0.0; // not all the same
        values[1] = 0.97;
    }
};
