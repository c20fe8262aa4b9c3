// What the headers of statistics/ declare and their detail folder defines.
#include <groundglass/statistics/detail/auc.hpp>
#include <groundglass/statistics/detail/binomial_bounds.hpp>
#include <groundglass/statistics/detail/bland_altman.hpp>
#include <groundglass/statistics/detail/bootstrap.hpp>
#include <groundglass/statistics/detail/calibration.hpp>
#include <groundglass/statistics/detail/cohort.hpp>
#include <groundglass/statistics/detail/confusion_matrix.hpp>
#include <groundglass/statistics/detail/exact_sum.hpp>
#include <groundglass/statistics/detail/fit_thresholds.hpp>
#include <groundglass/statistics/detail/interval_counts.hpp>
#include <groundglass/statistics/detail/interval_table.hpp>
#include <groundglass/statistics/detail/intraclass_correlation.hpp>
#include <groundglass/statistics/detail/isotonic.hpp>
#include <groundglass/statistics/detail/kappa.hpp>
#include <groundglass/statistics/detail/ordered_cuts.hpp>
#include <groundglass/statistics/detail/orthonormal_polynomials.hpp>
#include <groundglass/statistics/detail/pair_counts.hpp>
#include <groundglass/statistics/detail/precision_recall.hpp>
#include <groundglass/statistics/detail/roc.hpp>
#include <groundglass/statistics/detail/savitzky_golay.hpp>
#include <groundglass/statistics/detail/threshold_bootstrap.hpp>
#include <groundglass/statistics/detail/threshold_fit.hpp>
#include <groundglass/statistics/detail/threshold_objective.hpp>
#include <groundglass/statistics/detail/threshold_surface.hpp>

#include <span>

namespace groundglass::statistics {

template void savitzky_golay::filter(std::span<const double>, std::span<double>) const;
template void savitzky_golay::filter(std::span<const float>, std::span<float>) const;

} // namespace groundglass::statistics
