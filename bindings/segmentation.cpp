#include "numpy.hpp"
#include "pybind.hpp"
#include <groundglass/segmentation/ensemble.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace groundglass::bindings {
namespace {

using namespace py::literals;
using segmentation::ensemble;
using segmentation::ensemble_options;
using segmentation::image_size;
using segmentation::model_contract;
using segmentation::value_range;

py::dict keywords(const ensemble& self) {
    const auto& o = self.options();
    py::list models;
    for (const auto& model : o.models) models.append(py::str(model.string()));
    return py::dict("models"_a = models, "threads"_a = o.threads, "bfloat16"_a = o.bfloat16,
                    "threshold"_a = o.threshold, "average_mm"_a = o.average_mm,
                    "minimum_lesion_ml"_a = o.minimum_lesion_ml,
                    "keep_probabilities"_a = o.keep_probabilities);
}

py::list pair(const value_range& range) {
    py::list result;
    result.append(range.low);
    result.append(range.high);
    return result;
}

/// In the shape of the JSON in the model file.
py::dict as_dict(const model_contract& c) {
    return py::dict("format"_a = "groundglass-model", "format_version"_a = 1, "name"_a = c.name,
                    "version"_a = c.version,
                    "input"_a = py::dict("channels"_a = c.channels, "long_edge"_a = c.long_edge,
                                         "multiple_of"_a = c.multiple_of, "window_hu"_a = pair(c.window_hu),
                                         "range"_a = pair(c.range), "padding"_a = c.padding),
                    "output"_a = py::dict("kind"_a = "probability", "classes"_a = c.classes),
                    "training_data"_a = c.training_data, "licence"_a = c.licence, "origin"_a = c.origin);
}

lesion_ct run(const ensemble& self, const lung_ct& lungs, const std::optional<py::function>& progress) {
    const auto tell = [&](std::size_t done, std::size_t total) {
        const py::gil_scoped_acquire gil;
        // Ctrl-C only sets a flag while the interpreter is not running.
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        return !progress || !(*progress)(done, total).is(py::bool_(false));
    };
    const py::gil_scoped_release no_gil;
    return self.run(lungs, tell);
}

/// `values` as T, copied when it lies otherwise in memory.
template <class T>
std::pair<py::array_t<T>, image_size> plane(const py::array& values) {
    auto contiguous = py::array_t<T, py::array::c_style | py::array::forcecast>::ensure(values);
    if (!contiguous) throw py::error_already_set();
    return {std::move(contiguous),
            {static_cast<std::size_t>(values.shape(0)), static_cast<std::size_t>(values.shape(1))}};
}

py::array_t<float> segment_image(const ensemble& self, const py::array& image,
                                 const std::optional<std::pair<double, double>>& window) {
    if (image.ndim() != 2)
        throw py::value_error("segment_image: an image of shape (height, width) is needed, found " +
                              std::to_string(image.ndim()) + " dimensions; turn a colour picture grey first");
    const auto compute = [&](const auto& values, image_size size, auto... more) {
        const std::span span(values.data(), size.area());
        array3<float> result;
        {
            const py::gil_scoped_release no_gil;
            result = self.segment_image(span, size, more...);
        }
        return to_numpy(std::move(result));
    };
    const bool grey = image.dtype().equal(py::dtype::of<std::uint8_t>());
    if (grey && !window) {
        const auto [values, size] = plane<std::uint8_t>(image);
        return compute(values, size);
    }
    if (!grey && image.dtype().kind() != 'f' && image.dtype().kind() != 'i' && image.dtype().kind() != 'u')
        throw py::type_error("segment_image: uint8 grey values, or numbers in HU are needed, found dtype " +
                             py::cast<std::string>(py::str(image.dtype())));
    std::optional<value_range> shown;
    if (window) shown = value_range{window->first, window->second};
    const auto [values, size] = plane<float>(image);
    return compute(values, size, shown);
}

} // namespace
} // namespace groundglass::bindings

PYBIND11_MODULE(_segmentation, module) {
    using namespace groundglass::bindings;
    using groundglass::segmentation::cancelled;
    // Brings the Python types of volumes and errors.
    py::module_::import("groundglass._core");

    module.doc() = "The compiled part of groundglass that runs models with LibTorch.";
    module.attr("torch_version") = GROUNDGLASS_TORCH_VERSION;
    py::register_exception<cancelled>(module, "Cancelled", PyExc_RuntimeError);

    const ensemble_options standard;
    py::class_<ensemble> cls(module, "Ensemble",
                             "The stage LungCt -> LesionCt; see groundglass.segmentation.Ensemble.");
    cls.def(py::init([](std::vector<std::filesystem::path> models, int threads, bool bfloat16,
                        double threshold, double average_mm, double minimum_lesion_ml,
                        bool keep_probabilities) {
                const py::gil_scoped_release no_gil;
                return ensemble({.models = std::move(models),
                                 .threads = threads,
                                 .bfloat16 = bfloat16,
                                 .threshold = threshold,
                                 .average_mm = average_mm,
                                 .minimum_lesion_ml = minimum_lesion_ml,
                                 .keep_probabilities = keep_probabilities});
            }),
            "models"_a, py::kw_only(), "threads"_a = standard.threads, "bfloat16"_a = standard.bfloat16,
            "threshold"_a = standard.threshold, "average_mm"_a = standard.average_mm,
            "minimum_lesion_ml"_a = standard.minimum_lesion_ml,
            "keep_probabilities"_a = standard.keep_probabilities)
        .def(
            "__call__",
            [](const ensemble& self, const groundglass::lung_ct& lungs) { return run(self, lungs, {}); },
            "lungs"_a)
        .def("run", &run, "lungs"_a, py::kw_only(), "progress"_a = py::none())
        .def("segment_image", &segment_image, "image"_a, py::kw_only(), "window"_a = py::none())
        .def_property_readonly("contracts",
                               [](const ensemble& self) {
                                   py::list result;
                                   for (const auto& model : self.models())
                                       result.append(as_dict(model.contract()));
                                   return result;
                               })
        .def_property_readonly("models", [](const ensemble& self) { return keywords(self)["models"]; })
        .def_property_readonly("threads", [](const ensemble& self) { return self.options().threads; })
        .def_property_readonly("bfloat16", [](const ensemble& self) { return self.options().bfloat16; })
        .def_property_readonly("threshold", [](const ensemble& self) { return self.options().threshold; })
        .def_property_readonly("average_mm", [](const ensemble& self) { return self.options().average_mm; })
        .def_property_readonly("minimum_lesion_ml",
                               [](const ensemble& self) { return self.options().minimum_lesion_ml; })
        .def_property_readonly("keep_probabilities",
                               [](const ensemble& self) { return self.options().keep_probabilities; });
    by_keywords(cls, keywords);
    as_stage(cls);
}
