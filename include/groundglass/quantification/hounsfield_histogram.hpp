#pragma once

#include <groundglass/quantification/hounsfield_statistics.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace groundglass::quantification {

/// How often each whole HU occurs. Integers: sums of parts are the sum of the whole, and whatever is measured
/// by it is exact. Holds 32 kB for the 12 bits of a scanner, -1024 to 3071, and 512 kB more once a value lies
/// outside of them.
class hounsfield_histogram {
public:
    void add(std::int16_t hu) {
        const auto place = static_cast<std::size_t>(hu - lowest);
        if (place < usual_.size())
            ++usual_[place];
        else
            add_unusual(hu);
    }
    hounsfield_histogram& operator+=(const hounsfield_histogram& other);

    [[nodiscard]] std::uint64_t count() const;
    /// The sums that mean and standard deviation are made of.
    [[nodiscard]] hounsfield_sums sums() const;
    /// The lowest HU that at least this percentage of the values do not exceed (the inverse of the
    /// distribution, without interpolation). Throws `std::invalid_argument` for a percentage outside 1..100
    /// and without values.
    [[nodiscard]] std::int16_t percentile(unsigned percent) const;

    /// Calls `each(hu, count)` for the values that occur, from the lowest on.
    template <class Each>
    void visit(Each each) const {
        const auto all = [&](const std::vector<std::uint64_t>& counts, std::size_t from, std::size_t to,
                             int first) {
            for (std::size_t i = from; i < to; ++i)
                if (counts[i] != 0) each(first + static_cast<int>(i), counts[i]);
        };
        constexpr auto below = static_cast<std::size_t>(lowest - least);
        if (!unusual_.empty()) all(unusual_, 0, below, least);
        all(usual_, 0, usual_.size(), lowest);
        if (!unusual_.empty()) all(unusual_, below + usual_.size(), unusual_.size(), least);
    }

private:
    static constexpr int lowest = -1024, least = -32768;
    static constexpr std::size_t usual_size = 4096, whole_size = 65536;

    void add_unusual(std::int16_t hu);

    std::vector<std::uint64_t> usual_ = std::vector<std::uint64_t>(usual_size);
    /// All of int16 from `least` on, empty until it is needed; what `usual_` counts is zero here.
    std::vector<std::uint64_t> unusual_;
};

} // namespace groundglass::quantification

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/quantification/detail/hounsfield_histogram.hpp>
#endif
