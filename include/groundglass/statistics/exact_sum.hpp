#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace groundglass::statistics {

/// A sum of doubles and of products of two of them without rounding, whatever their order and magnitude: it
/// is kept as parts that do not overlap (Shewchuk 1997, doi:10.1007/PL00009321). Needs a `long double` of
/// more range than a double, as GCC and Clang have on Linux, so that no part overflows or vanishes. A few
/// parts, so O(1), a number.
class exact_sum {
public:
    void add(long double value) {
        std::size_t kept = 0;
        for (long double part : parts_) {
            if (std::abs(value) < std::abs(part)) std::swap(value, part);
            const long double sum = value + part;
            const long double lost = part - (sum - value);
            if (lost != 0) parts_[kept++] = lost;
            value = sum;
        }
        parts_.resize(kept);
        if (value != 0) parts_.push_back(value);
    }
    void add_product(double a, double b) {
        const long double product = static_cast<long double>(a) * static_cast<long double>(b);
        const long double lost = std::fma(static_cast<long double>(a), static_cast<long double>(b), -product);
        add(product);
        if (lost != 0) add(lost);
    }
    exact_sum& operator+=(const exact_sum& other) {
        for (const long double part : other.parts_) add(part);
        return *this;
    }
    /// The sum, rounded once.
    [[nodiscard]] long double value() const {
        long double sum = 0;
        for (std::size_t i = parts_.size(); i-- > 0;) sum += parts_[i];
        return sum;
    }

private:
    static_assert(std::numeric_limits<long double>::max_exponent >
                  4 * std::numeric_limits<double>::max_exponent);
    std::vector<long double> parts_; // ascending in magnitude
};

/// The mean of the values, rounded once from the exact one; NaN over none. O(n).
[[nodiscard]] long double exact_mean(std::span<const double> values);

} // namespace groundglass::statistics

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using statistics::exact_mean;
using exact_sum [[deprecated("groundglass::statistics::exact_sum")]] = statistics::exact_sum;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/statistics/detail/exact_sum.hpp>
#endif
