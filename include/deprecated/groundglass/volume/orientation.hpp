#pragma once

#pragma message("groundglass/volume/orientation.hpp is groundglass/reading/orientation.hpp since 0.2")
#include <groundglass/reading/orientation.hpp>
