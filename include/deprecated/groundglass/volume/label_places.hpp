#pragma once

#pragma message("groundglass/volume/label_places.hpp is groundglass/lungs/label_places.hpp since 0.2")
#include <groundglass/lungs/label_places.hpp>
