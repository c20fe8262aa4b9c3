#pragma once

#include <groundglass/config.hpp>

#include <cstddef>
#include <functional>
#include <stdexcept>

namespace groundglass::segmentation {

/// A run was stopped because its progress function said so.
struct GROUNDGLASS_EXPORT cancelled final : std::runtime_error {
    cancelled() : std::runtime_error("cancelled") {}
};

/// Called with the slices done and the slices in all, from the thread that called `run`: at the start, after
/// slices are done, and a few times a second in between. `false` stops the run.
using progress_function = std::function<bool(std::size_t done, std::size_t total)>;

} // namespace groundglass::segmentation
