#pragma once

#pragma message("groundglass/io/frames.hpp is groundglass/reading/frames.hpp since 0.2")
#include <groundglass/reading/frames.hpp>
