#pragma once

#include <groundglass/segmentation/preprocess.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// Kernels of the two published systems, each as the library that they called computes it. All planes are rows
// after rows.

namespace groundglass::segmentation {

namespace detail {

/// Where a target pixel of OpenCV's bilinear resize reads: two source pixels and the share of the second.
struct two_taps {
    std::size_t first = 0;
    std::size_t second = 0;
    float share = 0;
};

/// `Place` is double for float images and float for 8-bit ones: the last bit decides how a share is rounded.
template <class Place>
std::vector<two_taps> opencv_taps(std::size_t source, std::size_t target) {
    if (source == 0 || target == 0) throw std::invalid_argument("opencv_resize: a size is 0");
    const double scale = static_cast<double>(source) / static_cast<double>(target);
    std::vector<two_taps> taps(target);
    for (std::size_t i = 0; i < target; ++i) {
        const auto place = static_cast<Place>((static_cast<double>(i) + 0.5) * scale - 0.5);
        if (place <= 0) continue;
        const auto first = std::min(static_cast<std::size_t>(place), source - 1);
        const auto second = std::min(first + 1, source - 1);
        taps[i] = {first, second,
                   first == second ? 0.0F : static_cast<float>(place - static_cast<Place>(first))};
    }
    return taps;
}

inline void check_planes(std::size_t source, image_size source_size, std::size_t target,
                         image_size target_size, const char* who) {
    if (source != source_size.area() || target != target_size.area())
        throw std::invalid_argument(std::string(who) + ": a plane has not the number of pixels of its size");
}

/// `triangle_weights` in 22 binary places, as Pillow keeps them for 8-bit images.
inline std::vector<std::int32_t> in_fixed_point(const triangle_weights& weights) {
    std::vector<std::int32_t> result(weights.target() * weights.taps());
    for (std::size_t i = 0; i < result.size(); ++i)
        result[i] =
            static_cast<std::int32_t>(std::lround(static_cast<double>(weights.weights(0)[i]) * (1 << 22)));
    return result;
}

inline std::uint8_t from_fixed_point(std::int64_t sum) {
    return static_cast<std::uint8_t>(std::clamp<std::int64_t>((sum + (std::int64_t{1} << 21)) >> 22, 0, 255));
}

} // namespace detail

/// Resizes a plane as OpenCV's `resize(..., INTER_LINEAR)` does: pixel centres at half positions, two taps a
/// direction whatever the ratio (no antialiasing), edge pixels repeated. `T` is float or uint8; 8-bit values
/// are computed with 11 binary places and rounded. Equals OpenCV to 1e-6 of the values' range in float, to
/// one grey level, in fewer than one pixel in a thousand, in 8 bits.
template <class T>
requires std::is_same_v<T, float> || std::is_same_v<T, std::uint8_t>
void opencv_resize(std::span<const T> plane, image_size source, std::span<T> result, image_size target) {
    detail::check_planes(plane.size(), source, result.size(), target, "opencv_resize");
    if (source == target) {
        std::copy(plane.begin(), plane.end(), result.begin());
        return;
    }
    constexpr bool whole = std::is_same_v<T, std::uint8_t>;
    using place = std::conditional_t<whole, float, double>;
    const auto rows = detail::opencv_taps<place>(source.rows, target.rows);
    const auto columns = detail::opencv_taps<place>(source.columns, target.columns);
    using number = std::conditional_t<whole, std::int32_t, float>;
    const auto shares = [](float share) {
        if constexpr (whole) {
            const auto second = static_cast<number>(std::lrint(share * 2048.0F));
            return std::pair<number, number>{2048 - second, second};
        } else {
            return std::pair<number, number>{1.0F - share, share};
        }
    };
    const auto along = [&](std::size_t row, std::size_t column) {
        const auto [keep, take] = shares(columns[column].share);
        const T* line = plane.data() + row * source.columns;
        return static_cast<number>(line[columns[column].first]) * keep +
               static_cast<number>(line[columns[column].second]) * take;
    };
    for (std::size_t row = 0; row < target.rows; ++row) {
        const auto [keep, take] = shares(rows[row].share);
        T* out = result.data() + row * target.columns;
        for (std::size_t column = 0; column < target.columns; ++column) {
            const number upper = along(rows[row].first, column);
            const number lower = along(rows[row].second, column);
            if constexpr (whole)
                out[column] = static_cast<std::uint8_t>(
                    (((keep * (upper >> 4)) >> 16) + ((take * (lower >> 4)) >> 16) + 2) >> 2);
            else
                out[column] = upper * keep + lower * take;
        }
    }
}

/// Takes for each target pixel one source pixel, as OpenCV's `INTER_NEAREST`: the one that the target pixel's
/// upper left corner lies in.
template <class T>
void nearest_resize(std::span<const T> plane, image_size source, std::span<T> result, image_size target) {
    detail::check_planes(plane.size(), source, result.size(), target, "nearest_resize");
    for (std::size_t row = 0; row < target.rows; ++row)
        for (std::size_t column = 0; column < target.columns; ++column)
            result[row * target.columns + column] = plane[row * source.rows / target.rows * source.columns +
                                                          column * source.columns / target.columns];
}

/// Resizes an 8-bit plane as Pillow's `resize(..., BILINEAR)` does: antialiased when shrinking, first the
/// columns and then the rows, each rounded to 8 bits. Equals Pillow to one grey level, in fewer than one
/// pixel in a thousand.
inline void pillow_resize(std::span<const std::uint8_t> plane, image_size source,
                          std::span<std::uint8_t> result, image_size target) {
    detail::check_planes(plane.size(), source, result.size(), target, "pillow_resize");
    const triangle_weights rows(source.rows, target.rows);
    const triangle_weights columns(source.columns, target.columns);
    const auto down = detail::in_fixed_point(rows);
    const auto across = detail::in_fixed_point(columns);
    std::vector<std::uint8_t> between(source.rows * target.columns);
    for (std::size_t row = 0; row < source.rows; ++row)
        for (std::size_t i = 0; i < target.columns; ++i) {
            const std::uint8_t* in = plane.data() + row * source.columns + columns.first(i);
            std::int64_t sum = 0;
            for (std::size_t k = 0; k < columns.taps(); ++k)
                sum += std::int64_t{across[i * columns.taps() + k]} * in[k];
            between[row * target.columns + i] = detail::from_fixed_point(sum);
        }
    std::vector<std::int64_t> sums(target.columns);
    for (std::size_t row = 0; row < target.rows; ++row) {
        std::fill(sums.begin(), sums.end(), 0);
        for (std::size_t k = 0; k < rows.taps(); ++k) {
            const std::uint8_t* in = between.data() + (rows.first(row) + k) * target.columns;
            const std::int64_t weight = down[row * rows.taps() + k];
            for (std::size_t i = 0; i < target.columns; ++i) sums[i] += weight * in[i];
        }
        std::transform(sums.begin(), sums.end(), result.data() + row * target.columns,
                       &detail::from_fixed_point);
    }
}

/// Stretches values so that the least becomes 0 and the greatest 255, rounded; a constant plane becomes 0.
/// This is (v - min) / (max - min + 1e-8) written by an image writer that stretches again, which takes the
/// 1e-8 out. A plane without lesion is stretched as well, so that its strongest answer is 255: what the
/// published system does, and nothing to decide by.
template <class T>
void min_max_to_8_bit(std::span<const T> values, std::span<std::uint8_t> result) {
    if (values.size() != result.size())
        throw std::invalid_argument("min_max_to_8_bit: the result has not the number of the values");
    if (values.empty()) return;
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    const auto low = static_cast<double>(*least);
    const double gain = *greatest > *least ? 255.0 / (static_cast<double>(*greatest) - low) : 0.0;
    std::transform(values.begin(), values.end(), result.begin(), [&](T value) {
        const double grey = (static_cast<double>(value) - low) * gain + 0.5;
        return static_cast<std::uint8_t>(grey > 0 ? std::min(grey, 255.0) : 0.0);
    });
}

/// The value below which `percent` (0 to 100) of the values lie, interpolated linearly between the two
/// closest, as NumPy's `percentile`. Reorders the values. Throws `std::invalid_argument` for none of them or
/// a percentage out of range. Linear time on average.
inline double percentile(std::span<float> values, double percent) {
    if (values.empty() || !(percent >= 0 && percent <= 100))
        throw std::invalid_argument("percentile: values and a percentage from 0 to 100 are needed");
    const double place = percent / 100 * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(values.begin(), at, values.end());
    const double low = *at;
    if (below + 1 == values.size()) return low;
    const double high = *std::min_element(at + 1, values.end());
    return low + (high - low) * (place - static_cast<double>(below));
}

/// Mean and population standard deviation.
struct mean_and_deviation {
    double mean = 0;
    double deviation = 1;
};

/// Those of the values strictly between two percentiles. Where no value lies between them, or only equal
/// ones (a picture of two grey levels, an empty slice), those of all values; the deviation of equal values is
/// 1, so that a constant image becomes 0 and never a division by zero.
[[nodiscard]] inline mean_and_deviation spread_between(std::span<const float> values,
                                                       value_range percentiles) {
    std::vector<float> sorted(values.begin(), values.end());
    const double low = percentile(sorted, percentiles.low);
    const double high = percentile(sorted, percentiles.high);
    const auto of = [&](auto taken) {
        double count = 0;
        double sum = 0;
        double squares = 0;
        // From the lower percentile, which keeps the squares small.
        for (const double value : values)
            if (taken(value)) {
                count += 1;
                sum += value - low;
                squares += (value - low) * (value - low);
            }
        if (count == 0) return mean_and_deviation{0, 0};
        const double mean = sum / count;
        return mean_and_deviation{low + mean, std::sqrt(std::max(0.0, squares / count - mean * mean))};
    };
    constexpr double least = 1e-6; // grey levels or HU; less is rounding
    auto result = of([&](double value) { return value > low && value < high; });
    if (result.deviation < least) result = of([](double) { return true; });
    if (result.deviation < least) result.deviation = 1;
    return result;
}

/// The 42-EPOCHS input: clips to `clip`, subtracts the mean and divides by the deviation of the values
/// strictly between `percentiles` (`spread_between`), and then applies `then` in the same way (for a network
/// that expects ImageNet's red channel: 0.485 and 0.229). What is not a number becomes the lower end. In
/// place. Equals NumPy in double to 1e-5.
inline void percentile_z_score(std::span<float> values, value_range clip, value_range percentiles,
                               mean_and_deviation then) {
    // This way round, what is not a number becomes the lower end.
    for (float& value : values)
        value = value > static_cast<float>(clip.low) ? std::min(value, static_cast<float>(clip.high))
                                                     : static_cast<float>(clip.low);
    const auto own = spread_between(values, percentiles);
    for (float& value : values)
        value = static_cast<float>(((value - own.mean) / own.deviation - then.mean) / then.deviation);
}

/// Grey values 0..255 as a network trained on ImageNet takes them: over 255, less the mean, over the
/// deviation. `T` is float or uint8.
template <class T>
void imagenet_normalise(std::span<const T> grey, mean_and_deviation channel, std::span<float> result) {
    if (grey.size() != result.size())
        throw std::invalid_argument("imagenet_normalise: the result has not the number of the values");
    std::transform(grey.begin(), grey.end(), result.begin(), [&](T value) {
        return static_cast<float>((static_cast<double>(value) / 255 - channel.mean) / channel.deviation);
    });
}

} // namespace groundglass::segmentation
