#pragma once

#pragma message("groundglass/volume/ct_assembly.hpp is groundglass/reading/ct_assembly.hpp since 0.2")
#include <groundglass/reading/ct_assembly.hpp>
