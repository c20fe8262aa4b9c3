#pragma once

#pragma message("groundglass/volume/given_lungs.hpp is groundglass/lungs/given_lungs.hpp since 0.2")
#include <groundglass/lungs/given_lungs.hpp>
