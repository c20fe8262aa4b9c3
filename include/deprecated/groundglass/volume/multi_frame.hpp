#pragma once

#pragma message("groundglass/volume/multi_frame.hpp is groundglass/reading/multi_frame.hpp since 0.2")
#include <groundglass/reading/multi_frame.hpp>
