#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/bootstrap.hpp>
#include <groundglass/statistics/bounds.hpp>
#include <groundglass/statistics/detail/bounds.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::statistics {

namespace detail {

/// `quantile` of values of which no more must be in order than the two around the place.
[[nodiscard]] inline double quantile_of_sorted(std::span<const double> values, double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto at = static_cast<std::size_t>(place);
    const double weight = place - static_cast<double>(at);
    if (weight == 0 || values[at] == values[at + 1]) return values[at];
    return std::lerp(values[at], values[at + 1], weight);
}

/// Throws `std::invalid_argument`, beginning with `who`, for no resamples or more than ten million.
inline void check_resamples(const char* who, std::size_t resamples) {
    if (resamples < 1 || resamples > 10'000'000)
        throw std::invalid_argument(std::string(who) + ": resamples must lie in 1..10000000, found " +
                                    std::to_string(resamples));
}

} // namespace detail

GROUNDGLASS_INLINE stratified_bootstrap::stratified_bootstrap(std::span<const std::size_t> strata,
                                                              std::uint64_t seed)
    : seed_(seed) {
    if (strata.empty() || strata.size() >= (std::uint64_t{1} << 32))
        throw std::invalid_argument("stratified_bootstrap: 1 to 2^32 - 1 items are needed, found " +
                                    std::to_string(strata.size()));
    const std::size_t last = *std::max_element(strata.begin(), strata.end());
    if (last >= strata.size())
        throw std::invalid_argument("stratified_bootstrap: strata are numbered from 0, so " +
                                    std::to_string(strata.size()) + " items have none beyond " +
                                    std::to_string(strata.size() - 1) + ", found " + std::to_string(last));
    members_.resize(last + 1);
    for (std::size_t i = 0; i < strata.size(); ++i)
        members_[strata[i]].push_back(static_cast<std::uint32_t>(i));
    size_ = strata.size();
}

GROUNDGLASS_INLINE void stratified_bootstrap::choose(std::size_t index,
                                                     std::span<std::uint32_t> chosen) const {
    check(chosen.size());
    draw(index, [&, place = std::size_t{0}](std::uint32_t item) mutable { chosen[place++] = item; });
}

GROUNDGLASS_INLINE void stratified_bootstrap::count(std::size_t index, std::span<std::uint32_t> times) const {
    check(times.size());
    std::fill(times.begin(), times.end(), 0U);
    draw(index, [&](std::uint32_t item) { ++times[item]; });
}

GROUNDGLASS_INLINE void stratified_bootstrap::check(std::size_t places) const {
    if (places != size_)
        throw std::invalid_argument("stratified_bootstrap: " + std::to_string(size_) +
                                    " items need as many places, found " + std::to_string(places));
}

GROUNDGLASS_INLINE double quantile(std::vector<double> values, double share) {
    if (!(share >= 0 && share <= 1))
        throw std::invalid_argument("quantile: the share must lie in 0..1, found " + shown(share));
    std::erase_if(values, [](double v) { return std::isnan(v); });
    if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
    const auto at =
        values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    if (at + 1 != values.end()) std::iter_swap(at + 1, std::min_element(at + 1, values.end()));
    return detail::quantile_of_sorted(values, share);
}

GROUNDGLASS_INLINE bounds percentile_interval(const std::vector<double>& values, double level) {
    detail::check_level("percentile_interval", level);
    return {quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)};
}

} // namespace groundglass::statistics
