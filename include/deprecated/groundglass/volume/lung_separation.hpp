#pragma once

#pragma message("groundglass/volume/lung_separation.hpp is groundglass/lungs/lung_separation.hpp since 0.2")
#include <groundglass/lungs/lung_separation.hpp>
