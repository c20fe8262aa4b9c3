#pragma once

#include <groundglass/statistics/bounds.hpp>

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

/// A stream of pseudo-random numbers that is the same on every platform: SplitMix64 (Steele, Lea, Flood 2014,
/// doi:10.1145/2714064.2660195). `(seed, stream)` names the stream, so that every resample can have its own
/// and their order does not matter. Not for secrets.
class random_stream {
public:
    explicit constexpr random_stream(std::uint64_t seed, std::uint64_t stream = 0)
        : state_(mixed(seed + step) ^ mixed(stream * step + 1)) {}

    /// 64 random bits.
    constexpr std::uint64_t next() { return mixed(state_ += step); }

    /// A whole number from 0 to `count - 1`, each equally likely (Lemire 2019, doi:10.1145/3230636). `count`
    /// is from 1 to 2^32 - 1.
    constexpr std::uint32_t below(std::uint32_t count) {
        std::uint64_t product = (next() >> 32) * count;
        if (static_cast<std::uint32_t>(product) < count) {
            const std::uint32_t smallest = static_cast<std::uint32_t>(-count) % count;
            while (static_cast<std::uint32_t>(product) < smallest) product = (next() >> 32) * count;
        }
        return static_cast<std::uint32_t>(product >> 32);
    }

    /// A number in [0, 1), a multiple of 2^-53.
    constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

private:
    static constexpr std::uint64_t step = 0x9e3779b97f4a7c15;
    static constexpr std::uint64_t mixed(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    std::uint64_t state_;
};

struct bootstrap_options {
    /// 1 to 10 000 000.
    std::size_t resamples = 2000;
    /// Of the percentile intervals.
    double level = 0.95;
    std::uint64_t seed = 0;
    friend bool operator==(const bootstrap_options&, const bootstrap_options&) = default;
};

/// Draws with replacement, within every stratum as many as it has, so that no class is lost from a resample.
/// One stratum for all is the plain bootstrap. The `index`-th resample depends on the seed and on `index`
/// alone.
class stratified_bootstrap {
public:
    /// `strata[i]` is the stratum of the `i`-th item, numbered from 0. Throws `std::invalid_argument` for no
    /// items or 2^32 or more, and for a stratum that is not below the number of items.
    explicit stratified_bootstrap(std::span<const std::size_t> strata, std::uint64_t seed = 0) : seed_(seed) {
        if (strata.empty() || strata.size() >= (std::uint64_t{1} << 32))
            throw std::invalid_argument("stratified_bootstrap: 1 to 2^32 - 1 items are needed, found " +
                                        std::to_string(strata.size()));
        const std::size_t last = *std::max_element(strata.begin(), strata.end());
        if (last >= strata.size())
            throw std::invalid_argument("stratified_bootstrap: strata are numbered from 0, so " +
                                        std::to_string(strata.size()) + " items have none beyond " +
                                        std::to_string(strata.size() - 1) + ", found " +
                                        std::to_string(last));
        members_.resize(last + 1);
        for (std::size_t i = 0; i < strata.size(); ++i)
            members_[strata[i]].push_back(static_cast<std::uint32_t>(i));
        size_ = strata.size();
    }

    /// How many items a resample has.
    [[nodiscard]] std::size_t size() const { return size_; }

    /// The items drawn, stratum after stratum. `chosen` has `size()` places, else `std::invalid_argument`.
    void choose(std::size_t index, std::span<std::uint32_t> chosen) const {
        check(chosen.size());
        draw(index, [&, place = std::size_t{0}](std::uint32_t item) mutable { chosen[place++] = item; });
    }

    /// How often each item was drawn; the items with 0 are out of the bag. `times` has `size()` places, else
    /// `std::invalid_argument`.
    void count(std::size_t index, std::span<std::uint32_t> times) const {
        check(times.size());
        std::fill(times.begin(), times.end(), 0U);
        draw(index, [&](std::uint32_t item) { ++times[item]; });
    }

private:
    void check(std::size_t places) const {
        if (places != size_)
            throw std::invalid_argument("stratified_bootstrap: " + std::to_string(size_) +
                                        " items need as many places, found " + std::to_string(places));
    }

    template <class Take>
    void draw(std::size_t index, Take take) const {
        random_stream random(seed_, index);
        for (const auto& members : members_)
            for (std::size_t i = 0; i < members.size(); ++i)
                take(members[random.below(static_cast<std::uint32_t>(members.size()))]);
    }

    std::uint64_t seed_;
    std::vector<std::vector<std::uint32_t>> members_;
    std::size_t size_ = 0;
};

namespace detail {

/// `quantile` of values of which no more must be in order than the two around the place.
[[nodiscard]] inline double quantile_of_sorted(std::span<const double> values, double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto at = static_cast<std::size_t>(place);
    const double weight = place - static_cast<double>(at);
    if (weight == 0 || values[at] == values[at + 1]) return values[at];
    return std::lerp(values[at], values[at + 1], weight);
}

} // namespace detail

/// The `share`-quantile (0..1) of `values`, interpolated linearly between order statistics (type 7 of Hyndman
/// and Fan 1996, NumPy's and R's default). NaNs are left out; NaN where nothing is left. Throws
/// `std::invalid_argument` for a share outside 0..1. O(n).
[[nodiscard]] inline double quantile(std::vector<double> values, double share) {
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

namespace detail {

/// Throws `std::invalid_argument`, beginning with `who`, for no resamples or more than ten million.
inline void check_resamples(const char* who, std::size_t resamples) {
    if (resamples < 1 || resamples > 10'000'000)
        throw std::invalid_argument(std::string(who) + ": resamples must lie in 1..10000000, found " +
                                    std::to_string(resamples));
}

} // namespace detail

/// The percentile interval of resampled values. Throws `std::invalid_argument` unless `level` lies between 0
/// and 1.
[[nodiscard]] inline bounds percentile_interval(const std::vector<double>& values, double level) {
    detail::check_level("percentile_interval", level);
    return {quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)};
}

} // namespace groundglass::statistics
