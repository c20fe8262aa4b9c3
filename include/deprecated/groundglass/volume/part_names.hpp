#pragma once

#pragma message("groundglass/volume/part_names.hpp is groundglass/lungs/part_names.hpp since 0.2")
#include <groundglass/lungs/part_names.hpp>
