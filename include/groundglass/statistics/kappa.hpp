#pragma once

#include <groundglass/statistics/confusion_matrix.hpp>
#include <groundglass/statistics/estimate.hpp>

#include <cstdint>

namespace groundglass::statistics {

/// What a disagreement by d of k - 1 possible steps costs: `none` 1 for any, `linear` d / (k - 1),
/// `quadratic` its square. Linear and quadratic need classes in order.
enum class kappa_weights : std::uint8_t { none, linear, quadratic };

/// Cohen's kappa of two raters, plain or weighted, with the large-sample normal interval (Cohen 1968,
/// doi:10.1037/h0026256; Fleiss, Cohen and Everitt 1969, doi:10.1037/h0028106), cut at -1 and 1. Raters who
/// never differ have a kappa of 1 and a variance of 0.
///
/// `table` holds one rater as truth, the other as predicted. Throws `std::invalid_argument` where both raters
/// gave the same single class to every case, as there is no agreement beyond chance to speak of, and unless
/// `level` lies between 0 and 1. O(classes²).
[[nodiscard]] estimate kappa(const confusion_matrix& table, kappa_weights weights = kappa_weights::none,
                             double level = 0.95);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using statistics::kappa;
using kappa_weights [[deprecated("groundglass::statistics::kappa_weights")]] = statistics::kappa_weights;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/kappa.hpp>
#endif
