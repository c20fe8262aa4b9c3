// Wrong programs, one for each value of WRONG. check.cmake compiles them and reads what the compiler says
// first.
#include <groundglass/lungs/lung_mask.hpp>
#include <groundglass/quantification/involvement.hpp>
#include <groundglass/quantification/slice_profile.hpp>
#include <groundglass/segmentation/lungs.hpp>
#include <groundglass/severity/scores.hpp>

using namespace groundglass;
using lungs::lung_mask;
using quantification::involvement;

int main() {
#if WRONG == 0 // none: the flow as it is meant
    const auto measure = involvement{} | severity::scores{};
    static_cast<void>(volume::lesion_ct{} | measure);
#elif WRONG == 1 // the second stage before the first
    const auto measure = involvement{} | lung_mask{};
#elif WRONG == 2 // a stage left out
    const auto measure = lung_mask{} | involvement{};
#elif WRONG == 3 // behind a workflow that ends otherwise
    const auto measure = (involvement{} | severity::scores{}) | quantification::slice_profile{};
#elif WRONG == 4 // a value that the stage does not take
    const auto table = volume::ct_volume{} | involvement{};
#elif WRONG == 5 // lungs of lungs
    const auto measure = lung_mask{} | segmentation::lungs({});
#endif
}
