#pragma once

#pragma message("groundglass/io/pixel_data.hpp is groundglass/reading/pixel_data.hpp since 0.2")
#include <groundglass/reading/pixel_data.hpp>
