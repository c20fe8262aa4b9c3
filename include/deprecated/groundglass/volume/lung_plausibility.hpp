#pragma once

#pragma message(                                                                                             \
    "groundglass/volume/lung_plausibility.hpp is groundglass/lungs/lung_plausibility.hpp since 0.2")
#include <groundglass/lungs/lung_plausibility.hpp>
