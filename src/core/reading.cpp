// What the headers of reading/ declare and their detail folder defines.
#include <groundglass/reading/detail/ct_assembly.hpp>
#include <groundglass/reading/detail/ct_grid.hpp>
#include <groundglass/reading/detail/file_kind.hpp>
#include <groundglass/reading/detail/frames.hpp>
#include <groundglass/reading/detail/hounsfield.hpp>
#include <groundglass/reading/detail/meta_header.hpp>
#include <groundglass/reading/detail/multi_frame.hpp>
#include <groundglass/reading/detail/nifti_header.hpp>
#include <groundglass/reading/detail/nrrd_header.hpp>
#include <groundglass/reading/detail/orientation.hpp>
#include <groundglass/reading/detail/pixel_data.hpp>
#include <groundglass/reading/detail/read_header.hpp>
#include <groundglass/reading/detail/series.hpp>
#include <groundglass/reading/detail/slice_header.hpp>
#include <groundglass/reading/detail/slice_stack.hpp>
#include <groundglass/reading/detail/volume_header.hpp>
#include <groundglass/reading/detail/wording.hpp>
