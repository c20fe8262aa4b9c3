#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

/// The cases of the tests of evaluation; evaluation_reference.py has the same.
namespace evaluation_cases {

inline constexpr std::size_t count = 60;

template <class T, class Make>
std::vector<T> made(Make make) {
    std::vector<T> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(static_cast<T>(make(i)));
    return result;
}

inline std::vector<std::uint8_t> labels() {
    return made<std::uint8_t>([](std::size_t i) { return i * 7 % 10 < 4; });
}

inline std::vector<double> first() {
    return made<double>([label = labels()](std::size_t i) {
        return static_cast<double>((i * 37 + 11) % 41 + 20u * label[i]) / 100;
    });
}

inline std::vector<double> second() {
    return made<double>([label = labels()](std::size_t i) {
        return static_cast<double>((i * 53 + 5) % 37 + 15u * label[i]) / 100;
    });
}

inline std::vector<double> probabilities() {
    return made<double>([label = labels()](std::size_t i) {
        return 0.6 * (static_cast<double>((i * 29 + 3) % 97) + 0.5) / 97 + 0.3 * label[i];
    });
}

inline std::vector<std::size_t> rater_a() {
    return made<std::size_t>([](std::size_t i) { return i * 13 % 5; });
}

inline std::vector<std::size_t> rater_b() {
    constexpr std::array<int, 7> steps{-1, 0, 0, 1, 0, 0, 2};
    return made<std::size_t>([&, a = rater_a()](std::size_t i) {
        return std::clamp(static_cast<int>(a[i]) + steps[i * 11 % 7], 0, 4);
    });
}

inline std::vector<double> measured_a() {
    return made<double>([](std::size_t i) { return 10 + i * 17 % 23; });
}

inline std::vector<double> measured_b() {
    return made<double>(
        [a = measured_a()](std::size_t i) { return a[i] + (static_cast<double>(i * 5 % 11) - 4) / 2; });
}

/// Three ratings a case.
inline std::vector<double> ratings() {
    std::vector<double> result;
    const auto a = measured_a(), b = measured_b();
    for (std::size_t i = 0; i < count; ++i)
        result.insert(result.end(), {a[i], b[i], a[i] + (static_cast<double>(i * 19 % 13) - 2) / 3});
    return result;
}

} // namespace evaluation_cases
