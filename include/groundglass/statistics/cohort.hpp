#pragma once

#include <groundglass/note.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace groundglass::statistics {

/// What every fit asks of the measured values of a cohort. Throws `std::invalid_argument`, beginning with
/// `who`, for fewer than two patients, values that are NaN or infinite, values that are all the same, or
/// another number of labels than values. Returns a warning `looks_like_percent` for values that reach beyond
/// 1 up to 100: fractions of the lung can't. O(n).
[[nodiscard]] notes check_cohort(const std::string& who, std::span<const double> values, std::size_t labels);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using statistics::check_cohort;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/cohort.hpp>
#endif
