#pragma once

#pragma message("groundglass/volume/picture_lungs.hpp is groundglass/lungs/picture_lungs.hpp since 0.2")
#include <groundglass/lungs/picture_lungs.hpp>
