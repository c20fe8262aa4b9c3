#pragma once

#pragma message("groundglass/volume/given_parts.hpp is groundglass/lungs/given_parts.hpp since 0.2")
#include <groundglass/lungs/given_parts.hpp>
