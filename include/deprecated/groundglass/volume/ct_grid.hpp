#pragma once

#pragma message("groundglass/volume/ct_grid.hpp is groundglass/reading/ct_grid.hpp since 0.2")
#include <groundglass/reading/ct_grid.hpp>
