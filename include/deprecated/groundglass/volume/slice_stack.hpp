#pragma once

#pragma message("groundglass/volume/slice_stack.hpp is groundglass/reading/slice_stack.hpp since 0.2")
#include <groundglass/reading/slice_stack.hpp>
