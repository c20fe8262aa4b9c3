#pragma once

#pragma message("groundglass/volume/slice_header.hpp is groundglass/reading/slice_header.hpp since 0.2")
#include <groundglass/reading/slice_header.hpp>
