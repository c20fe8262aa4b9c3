#pragma once

#pragma message("groundglass/volume/hounsfield.hpp is groundglass/reading/hounsfield.hpp since 0.2")
#include <groundglass/reading/hounsfield.hpp>
