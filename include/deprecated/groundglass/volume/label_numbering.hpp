#pragma once

#pragma message("groundglass/volume/label_numbering.hpp is groundglass/lungs/label_numbering.hpp since 0.2")
#include <groundglass/lungs/label_numbering.hpp>
