#pragma once

#include <groundglass/config.hpp>

#include <cstdint>
#include <string_view>

namespace groundglass::segmentation {

/// Where networks run. `automatic` is the first CUDA device where LibTorch has one, the CPU otherwise.
enum class device : std::uint8_t { automatic, cpu, cuda };

/// `"auto"`, `"cpu"`, `"cuda"`. Throws `std::invalid_argument` for another value.
[[nodiscard]] GROUNDGLASS_EXPORT std::string_view name_of(device value);

/// The device of such a name. Throws `std::invalid_argument` for another.
[[nodiscard]] GROUNDGLASS_EXPORT device device_named(std::string_view name);

} // namespace groundglass::segmentation
