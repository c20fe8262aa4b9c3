// What the headers of quantification/ declare and their detail folder defines.
#include <groundglass/quantification/detail/aeration.hpp>
#include <groundglass/quantification/detail/aeration_measures.hpp>
#include <groundglass/quantification/detail/aeration_table.hpp>
#include <groundglass/quantification/detail/dependent_density.hpp>
#include <groundglass/quantification/detail/dependent_layer.hpp>
#include <groundglass/quantification/detail/hounsfield_histogram.hpp>
#include <groundglass/quantification/detail/hounsfield_statistics.hpp>
#include <groundglass/quantification/detail/involvement.hpp>
#include <groundglass/quantification/detail/involvement_and_aeration.hpp>
#include <groundglass/quantification/detail/involvement_by_label.hpp>
#include <groundglass/quantification/detail/involvement_change.hpp>
#include <groundglass/quantification/detail/involvement_measures.hpp>
#include <groundglass/quantification/detail/involvement_table.hpp>
#include <groundglass/quantification/detail/involvement_uncertainty.hpp>
#include <groundglass/quantification/detail/measure_change.hpp>
#include <groundglass/quantification/detail/other_breath.hpp>
#include <groundglass/quantification/detail/slice_profile.hpp>
