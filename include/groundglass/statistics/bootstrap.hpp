#pragma once

#include <groundglass/statistics/bounds.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
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
    explicit stratified_bootstrap(std::span<const std::size_t> strata, std::uint64_t seed = 0);

    /// How many items a resample has.
    [[nodiscard]] std::size_t size() const { return size_; }

    /// The items drawn, stratum after stratum. `chosen` has `size()` places, else `std::invalid_argument`.
    void choose(std::size_t index, std::span<std::uint32_t> chosen) const;

    /// How often each item was drawn; the items with 0 are out of the bag. `times` has `size()` places, else
    /// `std::invalid_argument`.
    void count(std::size_t index, std::span<std::uint32_t> times) const;

private:
    void check(std::size_t places) const;

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

/// The `share`-quantile (0..1) of `values`, interpolated linearly between order statistics (type 7 of Hyndman
/// and Fan 1996, NumPy's and R's default). NaNs are left out; NaN where nothing is left. Throws
/// `std::invalid_argument` for a share outside 0..1. O(n).
[[nodiscard]] double quantile(std::vector<double> values, double share);

/// The percentile interval of resampled values. Throws `std::invalid_argument` unless `level` lies between 0
/// and 1.
[[nodiscard]] bounds percentile_interval(const std::vector<double>& values, double level);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using bootstrap_options [[deprecated("groundglass::statistics::bootstrap_options")]] =
    statistics::bootstrap_options;
using statistics::percentile_interval;
using statistics::quantile;
using random_stream [[deprecated("groundglass::statistics::random_stream")]] = statistics::random_stream;
using stratified_bootstrap [[deprecated("groundglass::statistics::stratified_bootstrap")]] =
    statistics::stratified_bootstrap;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/bootstrap.hpp>
#endif
