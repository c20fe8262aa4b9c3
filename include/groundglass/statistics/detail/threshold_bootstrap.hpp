#pragma once

#include <groundglass/config.hpp>
#include <groundglass/statistics/bootstrap.hpp>
#include <groundglass/statistics/detail/bootstrap.hpp>
#include <groundglass/statistics/detail/bounds.hpp>
#include <groundglass/statistics/detail/exact_sum.hpp>
#include <groundglass/statistics/detail/fit_thresholds.hpp>
#include <groundglass/statistics/exact_sum.hpp>
#include <groundglass/statistics/fit_thresholds.hpp>
#include <groundglass/statistics/threshold_bootstrap.hpp>
#include <groundglass/statistics/threshold_fit.hpp>
#include <groundglass/statistics/threshold_objective.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace groundglass::statistics {

GROUNDGLASS_INLINE threshold_bootstrap bootstrap_thresholds(std::span<const double> values,
                                                            std::span<const std::size_t> classes,
                                                            const fit_thresholds_options& options,
                                                            const bootstrap_options& bootstrap) {
    detail::check_level("bootstrap_thresholds", bootstrap.level);
    detail::check_resamples("bootstrap_thresholds", bootstrap.resamples);
    const detail::threshold_cohort cohort(values, classes, options, true);
    threshold_bootstrap result;
    result.fit = cohort.fit();
    const std::size_t cuts = result.fit.cuts.size(), n = cohort.values().size();
    result.resampled_cuts.assign(cuts, {});
    result.apparent = result.fit.objective;

    const stratified_bootstrap resampler(cohort.classes(), bootstrap.seed);
    std::vector<std::uint32_t> times(n);
    std::vector<double> out_of_bag;
    long double optimism = 0;
    for (std::size_t b = 0; b < bootstrap.resamples; ++b) {
        resampler.count(b, times);
        const auto from = cohort.gather(times);
        const auto places = cohort.best_places(from, cohort.objective().search(from.cells, from.places));
        threshold_fit again;
        for (std::size_t cut = 0; cut < cuts; ++cut) {
            again.cuts.push_back(cohort.cut_at(places[cut], from));
            result.resampled_cuts[cut].push_back(again.cuts.back());
        }
        class_table everyone(cuts + 1, std::vector<std::size_t>(cuts + 1)), left_out = everyone;
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t assigned = again.index(cohort.values()[i]);
            ++everyone[cohort.classes()[i]][assigned];
            if (times[i] == 0) ++left_out[cohort.classes()[i]][assigned];
        }
        optimism += cohort.objective().value(threshold_objective::table_of(from.cells, places));
        optimism -= cohort.objective().value(everyone);
        out_of_bag.push_back(cohort.objective().value(left_out));
    }
    optimism /= static_cast<long double>(bootstrap.resamples);
    result.optimism = static_cast<double>(optimism);
    result.corrected =
        detail::narrowed("bootstrap_thresholds", "the corrected cost", result.apparent - optimism);
    for (const auto& values_of_cut : result.resampled_cuts)
        result.cuts.push_back(percentile_interval(values_of_cut, bootstrap.level));
    result.out_of_bag_bounds = percentile_interval(out_of_bag, bootstrap.level);
    std::erase_if(out_of_bag, [](double value) { return std::isnan(value); });
    if (!out_of_bag.empty()) result.out_of_bag = static_cast<double>(exact_mean(out_of_bag));
    return result;
}

} // namespace groundglass::statistics
