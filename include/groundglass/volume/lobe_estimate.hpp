#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace groundglass::volume {

/// The borders between lobes.
enum class fissure : std::uint8_t { left_oblique = 0, right_oblique = 1, right_horizontal = 2 };
inline constexpr std::size_t fissure_count = 3;

/// What is known of one border of estimated lobes.
struct fissure_estimate {
    /// Share of the border's area where the CT shows the fissure, 0..1. Elsewhere it goes by shape.
    double seen = 0;
    /// Mean distance in mm to be expected between this border and a reader's, where it goes by shape: from
    /// leave-one-out.
    double expected_error_mm = 0;

    friend bool operator==(const fissure_estimate&, const fissure_estimate&) = default;
};

/// How lobes were estimated, a fissure each in the order of `fissure`.
struct lobe_estimate {
    std::array<fissure_estimate, fissure_count> fissures{};

    [[nodiscard]] const fissure_estimate& operator[](fissure which) const {
        return fissures[static_cast<std::size_t>(which)];
    }
    /// Whether any of it rests on the CT; else on the lungs' shape alone.
    [[nodiscard]] bool by_fissures() const {
        return std::ranges::any_of(fissures, [](const auto& each) { return each.seen > 0; });
    }

    friend bool operator==(const lobe_estimate&, const lobe_estimate&) = default;
};

} // namespace groundglass::volume
