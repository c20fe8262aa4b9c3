#pragma once

#include <groundglass/error.hpp>
#include <groundglass/note.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

namespace groundglass::reading {

/// The lowest value of the Hounsfield scale as scanners store it; what lies below is padding outside the
/// scan.
inline constexpr std::int16_t lowest_hounsfield = -1024;

/// What was seen of the values while they were rescaled, before they were rounded to whole units.
struct intensity_summary {
    std::uint64_t count = 0;
    /// NaN or infinite; they become `lowest_hounsfield`.
    std::uint64_t not_finite = 0;
    /// Beyond what an int16 holds; they were cut to its range.
    std::uint64_t out_of_range = 0;
    double lowest = std::numeric_limits<double>::infinity();
    double highest = -std::numeric_limits<double>::infinity();

    void merge(const intensity_summary& other) {
        count += other.count;
        not_finite += other.not_finite;
        out_of_range += other.out_of_range;
        lowest = std::min(lowest, other.lowest);
        highest = std::max(highest, other.highest);
    }

    friend bool operator==(const intensity_summary&, const intensity_summary&) = default;
};

/// Stored values to Hounsfield units: `slope * stored + intercept`, rounded half away from zero and cut to
/// int16. `hounsfield` must be as long as `stored` and may be the same memory. Returns what was seen. O(n),
/// no allocation; the plain int16 case is a copy.
template <class T>
intensity_summary to_hounsfield(std::span<const T> stored, double slope, double intercept,
                                std::span<std::int16_t> hounsfield) {
    static_assert(std::is_arithmetic_v<T>);
    using limits = std::numeric_limits<std::int16_t>;
    intensity_summary summary;
    summary.count = stored.size();
    if (stored.empty()) return summary;

    if constexpr (std::is_integral_v<T> && sizeof(T) <= 2) {
        T low = stored[0], high = stored[0];
        for (const T value : stored) low = std::min(low, value), high = std::max(high, value);
        const double a = slope * static_cast<double>(low) + intercept;
        const double b = slope * static_cast<double>(high) + intercept;
        summary.lowest = std::min(a, b);
        summary.highest = std::max(a, b);
        const bool whole = slope == 1 && intercept == std::trunc(intercept);
        if (whole && summary.lowest >= limits::min() && summary.highest <= limits::max()) {
            const int shift = static_cast<int>(intercept);
            for (std::size_t i = 0; i < stored.size(); ++i)
                hounsfield[i] = static_cast<std::int16_t>(static_cast<int>(stored[i]) + shift);
            return summary;
        }
    }
    for (std::size_t i = 0; i < stored.size(); ++i) {
        const double value = slope * static_cast<double>(stored[i]) + intercept;
        if (!std::isfinite(value)) {
            ++summary.not_finite;
            hounsfield[i] = lowest_hounsfield;
            continue;
        }
        summary.lowest = std::min(summary.lowest, value);
        summary.highest = std::max(summary.highest, value);
        const double rounded = std::round(value);
        if (rounded < limits::min() || rounded > limits::max()) ++summary.out_of_range;
        hounsfield[i] = static_cast<std::int16_t>(std::clamp<double>(rounded, limits::min(), limits::max()));
    }
    return summary;
}

/// Makes sure that values are Hounsfield units, by what every chest CT shows: air near -1000 HU, soft tissue
/// between 0 and 80. `values` are mended in place; `seen` is what `to_hounsfield` returned for them.
///
/// Mended, with a note: padding below -1024 is raised to it (`padding`), NaN became -1024 (`not_a_number`),
/// values beyond int16 were cut (`saturated`), an offset of 1000 or 1024 is subtracted (`offset_subtracted`),
/// and `no_lung_air` warns where hardly anything is as dark as a lung. Refused with `format_error`: a
/// constant volume, values of 0..1 or -1..1, 8-bit values, wrapped values, values without soft tissue near
/// 0..80 HU or without anything dark that no plain offset explains. O(n), 256 KiB.
notes check_hounsfield(std::span<std::int16_t> values, const intensity_summary& seen);

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using reading::check_hounsfield;
using intensity_summary [[deprecated("groundglass::reading::intensity_summary")]] =
    reading::intensity_summary;
using reading::lowest_hounsfield;
using reading::to_hounsfield;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/hounsfield.hpp>
#endif
