#pragma once

#pragma message("groundglass/volume/lung_mask.hpp is groundglass/lungs/lung_mask.hpp since 0.2")
#include <groundglass/lungs/lung_mask.hpp>
