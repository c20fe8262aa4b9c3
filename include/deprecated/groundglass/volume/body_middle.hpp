#pragma once

#pragma message("groundglass/volume/body_middle.hpp is groundglass/lungs/body_middle.hpp since 0.2")
#include <groundglass/lungs/body_middle.hpp>
