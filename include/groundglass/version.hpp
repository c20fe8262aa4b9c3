#pragma once

// The one place that a release changes; CMake reads it from here.
#define GROUNDGLASS_VERSION_MAJOR 0
#define GROUNDGLASS_VERSION_MINOR 2
#define GROUNDGLASS_VERSION_PATCH 0

/// One number that grows: 100 for 0.1.0, 200 for 0.2.0.
#define GROUNDGLASS_VERSION_NUMBER                                                                           \
    (GROUNDGLASS_VERSION_MAJOR * 10000 + GROUNDGLASS_VERSION_MINOR * 100 + GROUNDGLASS_VERSION_PATCH)

namespace groundglass {

/// A release, as SemVer numbers it.
struct version {
    int major_number = GROUNDGLASS_VERSION_MAJOR;
    int minor_number = GROUNDGLASS_VERSION_MINOR;
    int patch_number = GROUNDGLASS_VERSION_PATCH;

    friend constexpr auto operator<=>(const version&, const version&) = default;
};

/// Of these headers.
inline constexpr version this_version{};

} // namespace groundglass
