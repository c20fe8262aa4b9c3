#pragma once

#include <cstddef>
#include <limits>

namespace groundglass::volume::detail {

/// Lower envelope of the parabolas `height[i] + (x - i)^2 step^2` along a line of `n` values, in place.
/// `site` and `bound` are scratch of `n` and `n + 1` values, `copy` of `n`.
/// The pass that the distance transform and the dilation by distances have in common.
template <class T>
void lower_envelope(T* height, std::size_t n, std::size_t stride, double step, std::size_t* site,
                    double* bound, T* copy) {
    constexpr T far = std::numeric_limits<T>::infinity();
    const double square = step * step;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n; ++i) {
        copy[i] = height[i * stride];
        if (copy[i] == far) continue;
        const auto x = static_cast<double>(i);
        double meet = -std::numeric_limits<double>::infinity();
        while (kept > 0) {
            const auto s = static_cast<double>(site[kept - 1]);
            meet = (x + s) / 2 + (static_cast<double>(copy[i]) - static_cast<double>(copy[site[kept - 1]])) /
                                     (2 * square * (x - s));
            if (meet > bound[kept - 1]) break;
            --kept;
            meet = -std::numeric_limits<double>::infinity();
        }
        site[kept] = i;
        bound[kept++] = meet;
    }
    if (kept == 0) return;
    std::size_t at = 0;
    for (std::size_t i = 0; i < n; ++i) {
        while (at + 1 < kept && bound[at + 1] < static_cast<double>(i)) ++at;
        const double away = static_cast<double>(i) - static_cast<double>(site[at]);
        height[i * stride] = static_cast<T>(static_cast<double>(copy[site[at]]) + away * away * square);
    }
}

} // namespace groundglass::volume::detail
