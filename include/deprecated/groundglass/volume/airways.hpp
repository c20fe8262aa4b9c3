#pragma once

#pragma message("groundglass/volume/airways.hpp is groundglass/lungs/airways.hpp since 0.2")
#include <groundglass/lungs/airways.hpp>
