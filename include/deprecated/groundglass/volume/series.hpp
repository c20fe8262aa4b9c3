#pragma once

#pragma message("groundglass/volume/series.hpp is groundglass/reading/series.hpp since 0.2")
#include <groundglass/reading/series.hpp>
