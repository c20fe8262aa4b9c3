#include "pybind.hpp"
#include <groundglass/segmentation/preset.hpp>

#include <string>
#include <vector>

namespace groundglass::bindings {

// Here and not beside the networks: what a preset stands for is asked where there is no LibTorch, too.
void bind_preset(py::module_& module) {
    using namespace py::literals;
    module.def(
        "preset_settings",
        [](const std::string& name) {
            const auto settings = segmentation::settings_of(segmentation::preset_named(name));
            const std::vector<std::string> models(settings.models.begin(), settings.models.end());
            return py::dict("models"_a = models, "long_edge"_a = settings.long_edge,
                            "views"_a = settings.views);
        },
        "name"_a,
        "What 'fast', 'standard' or 'best' stands for: models, long_edge and views of "
        "groundglass.segmentation.Ensemble. Raises ValueError for another name.");
}

} // namespace groundglass::bindings
