// What the headers of volume/ declare and their detail folder defines.
#include <groundglass/volume/detail/components.hpp>
#include <groundglass/volume/detail/ct_volume.hpp>
#include <groundglass/volume/detail/distance_transform.hpp>
#include <groundglass/volume/detail/label_map.hpp>
#include <groundglass/volume/detail/lesion_ct.hpp>
#include <groundglass/volume/detail/lesion_uncertainty.hpp>
#include <groundglass/volume/detail/lung_ct.hpp>
#include <groundglass/volume/detail/lung_regions.hpp>
#include <groundglass/volume/detail/morphology.hpp>
#include <groundglass/volume/detail/patient_position.hpp>
#include <groundglass/volume/detail/reconstruction.hpp>
#include <groundglass/volume/detail/resample.hpp>
