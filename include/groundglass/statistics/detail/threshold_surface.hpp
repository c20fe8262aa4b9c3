#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/cohort.hpp>
#include <groundglass/statistics/detail/fit_thresholds.hpp>
#include <groundglass/statistics/fit_thresholds.hpp>
#include <groundglass/statistics/threshold_objective.hpp>
#include <groundglass/statistics/threshold_surface.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::statistics {

namespace detail {

[[nodiscard]] inline threshold_objective objective_of(std::span<const double> values,
                                                      std::span<const std::size_t> classes,
                                                      const fit_thresholds_options& options) {
    (void)check_cohort("fit_thresholds", values, classes.size());
    return {options.goal, count_classes(classes, options.classes), options.prevalence, options.costs};
}

} // namespace detail

GROUNDGLASS_INLINE threshold_surface::threshold_surface(std::span<const double> values,
                                                        std::span<const std::size_t> classes,
                                                        const fit_thresholds_options& options)
    : objective_(detail::objective_of(values, classes, options)), groups_(objective_.prevalence().size()) {
    for (std::size_t i = 0; i < values.size(); ++i) groups_[classes[i]].push_back(values[i]);
    for (auto& group : groups_) std::sort(group.begin(), group.end());
}

GROUNDGLASS_INLINE double threshold_surface::operator()(std::span<const double> cuts) const {
    const std::size_t count = groups_.size();
    if (cuts.size() + 1 != count)
        throw std::invalid_argument("threshold_surface: " + std::to_string(count) +
                                    " classes have one cut less, found " + std::to_string(cuts.size()));
    for (std::size_t j = 0; j < cuts.size(); ++j)
        if (!(cuts[j] >= cuts[j == 0 ? 0 : j - 1])) return std::numeric_limits<double>::quiet_NaN();
    class_table table(count, std::vector<std::size_t>(count));
    for (std::size_t c = 0; c < count; ++c) {
        auto first = groups_[c].begin();
        for (std::size_t j = 0; j < cuts.size(); ++j) {
            const auto last = std::lower_bound(first, groups_[c].end(), cuts[j]);
            table[c][j] = static_cast<std::size_t>(last - first);
            first = last;
        }
        table[c].back() = static_cast<std::size_t>(groups_[c].end() - first);
    }
    return objective_.value(table);
}

} // namespace groundglass::statistics
