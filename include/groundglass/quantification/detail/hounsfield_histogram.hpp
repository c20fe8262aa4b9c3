#pragma once

#include <groundglass/config.hpp>
#include <groundglass/quantification/hounsfield_histogram.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace groundglass::quantification {

GROUNDGLASS_INLINE void hounsfield_histogram::add_unusual(std::int16_t hu) {
    if (unusual_.empty()) unusual_.resize(whole_size);
    ++unusual_[static_cast<std::size_t>(hu - least)];
}

GROUNDGLASS_INLINE hounsfield_histogram& hounsfield_histogram::operator+=(const hounsfield_histogram& other) {
    for (std::size_t i = 0; i < usual_size; ++i) usual_[i] += other.usual_[i];
    if (other.unusual_.empty()) return *this;
    if (unusual_.empty()) unusual_.resize(whole_size);
    for (std::size_t i = 0; i < whole_size; ++i) unusual_[i] += other.unusual_[i];
    return *this;
}

GROUNDGLASS_INLINE std::uint64_t hounsfield_histogram::count() const {
    std::uint64_t result = 0;
    visit([&](int, std::uint64_t count) { result += count; });
    return result;
}

GROUNDGLASS_INLINE hounsfield_sums hounsfield_histogram::sums() const {
    hounsfield_sums result;
    visit([&](int hu, std::uint64_t count) {
        const auto n = static_cast<std::int64_t>(count);
        result.count += count;
        result.sum += n * hu;
        result.sum_of_squares += n * hu * hu;
    });
    return result;
}

GROUNDGLASS_INLINE std::int16_t hounsfield_histogram::percentile(unsigned percent) const {
    if (percent < 1 || percent > 100)
        throw std::invalid_argument("hounsfield_histogram: a percentile must be 1 to 100, found " +
                                    std::to_string(percent));
    const auto all = count();
    if (all == 0) throw std::invalid_argument("hounsfield_histogram: no values have no percentile");
    std::uint64_t so_far = 0;
    int result = 0;
    bool found = false;
    visit([&](int hu, std::uint64_t count) {
        so_far += count;
        if (!found && 100 * so_far >= percent * all) result = hu, found = true;
    });
    return static_cast<std::int16_t>(result);
}

} // namespace groundglass::quantification
