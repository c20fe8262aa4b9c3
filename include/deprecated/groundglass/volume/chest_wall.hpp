#pragma once

#pragma message("groundglass/volume/chest_wall.hpp is groundglass/lungs/chest_wall.hpp since 0.2")
#include <groundglass/lungs/chest_wall.hpp>
