#include "numpy.hpp"
#include "pybind.hpp"
#include <groundglass/segmentation/chest_slice.hpp>
#include <groundglass/segmentation/ensemble.hpp>
#include <groundglass/segmentation/inf_net.hpp>
#include <groundglass/segmentation/lungs.hpp>
#include <groundglass/segmentation/training_likeness.hpp>

#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::bindings {
namespace {

using namespace py::literals;
using segmentation::ensemble;
using segmentation::ensemble_options;
using segmentation::image_size;
using segmentation::inf_net;
using segmentation::inf_net_options;
using segmentation::lesion_options;
using segmentation::model_calibration;
using segmentation::model_contract;
using segmentation::normalisation;
using segmentation::value_range;

/// An option as Python sees it.
template <class T>
py::object shown(const T& value) {
    return py::cast(value);
}
py::object shown(const segmentation::device& value) { return py::cast(name_of(value)); }

/// The options that both stages have, by name. `visit(name, pointer to member)` for each, in the order of the
/// constructors' keywords.
template <class Visit>
void for_each_lesion_option(Visit visit) {
    visit("threads", &lesion_options::threads);
    visit("bfloat16", &lesion_options::bfloat16);
    visit("threshold", &lesion_options::threshold);
    visit("average_mm", &lesion_options::average_mm);
    visit("minimum_lesion_ml", &lesion_options::minimum_lesion_ml);
    visit("views", &lesion_options::views);
    visit("long_edge", &lesion_options::long_edge);
    visit("keep_probabilities", &lesion_options::keep_probabilities);
    visit("device", &lesion_options::device);
}

py::dict keywords(const ensemble& self) {
    const auto& o = self.options();
    py::list models;
    for (const auto& model : o.models) models.append(py::str(model.string()));
    py::dict result("models"_a = models);
    for_each_lesion_option([&](const char* name, auto member) { result[name] = shown(o.*member); });
    result["as_published"] = o.as_published;
    return result;
}

py::dict keywords(const inf_net& self) {
    const auto& o = self.options();
    py::dict result("infection"_a = py::str(o.infection.string()),
                    "multi_class"_a = py::str(o.multi_class.string()));
    for_each_lesion_option([&](const char* name, auto member) { result[name] = shown(o.*member); });
    result["window_hu"] = py::make_tuple(o.window_hu.low, o.window_hu.high);
    result["as_published"] = o.as_published;
    return result;
}

py::dict keywords(const segmentation::lungs& self) {
    const auto& o = self.options();
    return py::dict("model"_a = py::str(o.model.string()), "threads"_a = o.threads, "bfloat16"_a = o.bfloat16,
                    "threshold"_a = o.threshold, "device"_a = name_of(o.device));
}

py::list pair(const value_range& range) {
    py::list result;
    result.append(range.low);
    result.append(range.high);
    return result;
}

py::dict as_dict(const model_calibration& c) {
    py::dict result("temperature"_a = c.temperature, "conditional_temperature"_a = c.conditional_temperature);
    if (!c.volume.levels.empty())
        result["volume_quantiles"] =
            py::dict("levels"_a = c.volume.levels, "thresholds"_a = c.volume.thresholds);
    return result;
}

/// In the shape of the JSON in the model file, with the entries that a stage uses.
py::dict as_dict(const model_contract& c) {
    py::dict input("channels"_a = c.channels, "multiple_of"_a = c.multiple_of);
    if (c.normalisation == normalisation::window) {
        if (c.stack) {
            input["pixel_mm"] = c.stack->pixel_mm;
            input["slice_mm"] = c.stack->slice_mm;
            input["neighbours_mm"] = c.stack->neighbours_mm;
        } else {
            input["long_edge"] = c.long_edge;
        }
        input["window_hu"] = pair(c.window_hu);
        input["range"] = pair(c.range);
        input["padding"] = c.padding;
    } else {
        input["normalisation"] = std::string(name_of(c.normalisation));
        input["size"] = std::vector{c.size.rows, c.size.columns};
        input["mean"] = c.mean;
        input["std"] = c.deviation;
        if (c.normalisation == normalisation::percentile_z_score) {
            input["clip"] = pair(c.clip);
            input["percentiles"] = pair(c.percentiles);
        }
    }
    const char* kind = c.output == segmentation::output_kind::logits ? "logits" : "probability";
    py::dict result("format"_a = "groundglass-model", "format_version"_a = 1, "name"_a = c.name,
                    "version"_a = c.version, "input"_a = input,
                    "output"_a = py::dict("kind"_a = kind, "classes"_a = c.classes),
                    "training_data"_a = c.training_data, "licence"_a = c.licence, "origin"_a = c.origin);
    if (c.calibration) result["calibration"] = as_dict(*c.calibration);
    return result;
}

template <class Stage>
typename Stage::gives run(const Stage& self, const typename Stage::takes& value,
                          const std::optional<py::function>& progress) {
    const auto tell = [&](std::size_t done, std::size_t total) {
        const py::gil_scoped_acquire gil;
        // Ctrl-C only sets a flag while the interpreter is not running.
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        return !progress || !(*progress)(done, total).is(py::bool_(false));
    };
    const py::gil_scoped_release no_gil;
    return self.run(value, tell);
}

/// `values` as T, copied when it lies otherwise in memory.
template <class T>
std::pair<py::array_t<T>, image_size> plane(const py::array& values) {
    auto contiguous = py::array_t<T, py::array::c_style | py::array::forcecast>::ensure(values);
    if (!contiguous) throw py::error_already_set();
    return {std::move(contiguous),
            {static_cast<std::size_t>(values.shape(0)), static_cast<std::size_t>(values.shape(1))}};
}

template <class Stage>
segmentation::image_lesions find_in_image(const Stage& self, const py::array& image,
                                          const std::optional<std::pair<double, double>>& window) {
    if (image.ndim() != 2)
        throw py::value_error("segment_image: an image of shape (height, width) is needed, found " +
                              std::to_string(image.ndim()) + " dimensions; turn a colour picture grey first");
    const auto compute = [&](const auto& values, image_size size, auto... more) {
        const std::span span(values.data(), size.area());
        const py::gil_scoped_release no_gil;
        return self.find_in_image(span, size, more...);
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

/// A constructor of a stage: its own arguments, and the options that both stages have as keywords.
template <class... Own, class Stage, class Make, class... Arguments>
void define_init(py::class_<Stage>& cls, Make make, const Arguments&... own_arguments) {
    const lesion_options standard;
    cls.def(py::init([make](Own... own, int threads, bool bfloat16, double threshold, double average_mm,
                            double minimum_lesion_ml, int views, std::size_t long_edge,
                            bool keep_probabilities, const std::string& device) {
                const py::gil_scoped_release no_gil;
                return make({threads, bfloat16, threshold, average_mm, minimum_lesion_ml, views, long_edge,
                             keep_probabilities, segmentation::device_named(device)},
                            std::move(own)...);
            }),
            own_arguments..., "threads"_a = standard.threads, "bfloat16"_a = standard.bfloat16,
            "threshold"_a = standard.threshold, "average_mm"_a = standard.average_mm,
            "minimum_lesion_ml"_a = standard.minimum_lesion_ml, "views"_a = standard.views,
            "long_edge"_a = standard.long_edge, "keep_probabilities"_a = standard.keep_probabilities,
            "device"_a = name_of(standard.device));
}

/// What both stages have: how they run, and the options that both take.
template <class Stage>
void define_run(py::class_<Stage>& cls, std::initializer_list<const char*> own_options) {
    cls.def(
           "__call__", [](const Stage& self, const lung_ct& lungs) { return run(self, lungs, {}); },
           "lungs"_a)
        .def("run", &run<Stage>, "lungs"_a, py::kw_only(), "progress"_a = py::none())
        .def(
            "segment_image",
            [](const Stage& self, const py::array& image,
               const std::optional<std::pair<double, double>>& window) {
                return to_numpy(find_in_image(self, image, window).probabilities);
            },
            "image"_a, py::kw_only(), "window"_a = py::none())
        .def(
            "find_in_image",
            [](const Stage& self, const py::array& image,
               const std::optional<std::pair<double, double>>& window) {
                auto found = find_in_image(self, image, window);
                py::object lungs = py::none();
                if (found.lungs) lungs = to_numpy(std::move(*found.lungs));
                return py::make_tuple(to_numpy(std::move(found.labels)),
                                      to_numpy(std::move(found.probabilities)), lungs);
            },
            "image"_a, py::kw_only(), "window"_a = py::none());
    const auto define_option = [&cls](const char* option) {
        cls.def_property_readonly(
            option, [option](const Stage& self) -> py::object { return keywords(self)[option]; });
    };
    for_each_lesion_option([&](const char* option, auto) { define_option(option); });
    for (const char* option : own_options) define_option(option);
    by_keywords(cls, [](const Stage& self) { return keywords(self); });
    as_stage(cls);
}

void define_lungs(py::module_& module) {
    using segmentation::lungs;
    const segmentation::lungs_options standard;
    py::class_<lungs> cls(module, "Lungs",
                          "The stage CtVolume -> LungCt; see groundglass.segmentation.Lungs.");
    cls.def(py::init([](std::filesystem::path model, int threads, bool bfloat16, double threshold,
                        const std::string& device) {
                const py::gil_scoped_release no_gil;
                return lungs(
                    {std::move(model), threads, bfloat16, threshold, segmentation::device_named(device)});
            }),
            "model"_a, py::kw_only(), "threads"_a = standard.threads, "bfloat16"_a = standard.bfloat16,
            "threshold"_a = standard.threshold, "device"_a = name_of(standard.device))
        .def_property_readonly("runs_on", [](const lungs& self) { return name_of(self.model().device()); })
        .def(
            "__call__", [](const lungs& self, const ct_volume& ct) { return run(self, ct, {}); }, "ct"_a)
        .def("run", &run<lungs>, "ct"_a, py::kw_only(), "progress"_a = py::none())
        .def_property_readonly("contract",
                               [](const lungs& self) { return as_dict(self.model().contract()); });
    for (const char* option : {"model", "threads", "bfloat16", "threshold", "device"})
        cls.def_property_readonly(
            option, [option](const lungs& self) -> py::object { return keywords(self)[option]; });
    by_keywords(cls, [](const lungs& self) { return keywords(self); });
    as_stage(cls);
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

    module.def(
        "try_model",
        [](const std::filesystem::path& model) {
            const py::gil_scoped_release no_gil;
            static_cast<void>(groundglass::segmentation::segmenter(
                {.model = model, .device = groundglass::segmentation::device::cpu}));
        },
        "model"_a);

    module.attr("LEAST_CHEST_SLICE_PROBABILITY") = groundglass::segmentation::least_chest_slice_probability;
    module.def(
        "chest_slice_probability",
        [](const py::array_t<std::uint8_t, py::array::c_style>& grey) {
            if (grey.ndim() != 2)
                throw py::value_error("chest_slice_probability: an image of shape (height, width) is needed, "
                                      "found " +
                                      std::to_string(grey.ndim()) + " dimensions");
            const groundglass::segmentation::image_size size{static_cast<std::size_t>(grey.shape(0)),
                                                             static_cast<std::size_t>(grey.shape(1))};
            const std::span values(grey.data(), size.area());
            const py::gil_scoped_release no_gil;
            return groundglass::segmentation::chest_slice_probability(values, size);
        },
        py::arg("grey").noconvert());

    module.def(
        "measure_likeness",
        [](const groundglass::volume::lung_ct& lungs) {
            const auto found = [&] {
                const py::gil_scoped_release no_gil;
                return groundglass::segmentation::measure_likeness(lungs);
            }();
            return py::dict("slice_mm"_a = found.slice_mm, "noise_hu"_a = found.noise_hu,
                            "tissue_share"_a = found.tissue_share, "spine_offset"_a = found.spine_offset,
                            "metal_ml"_a = found.metal_ml,
                            "unlikeness"_a = groundglass::segmentation::unlikeness(found));
        },
        "lungs"_a);

    py::class_<ensemble> cls(module, "Ensemble",
                             "The stage LungCt -> LesionCt; see groundglass.segmentation.Ensemble.");
    define_init<std::vector<std::filesystem::path>, bool>(
        cls,
        [](const lesion_options& options, std::vector<std::filesystem::path> models, bool as_published) {
            return ensemble(ensemble_options{options, std::move(models), as_published});
        },
        "models"_a, py::kw_only(), "as_published"_a = ensemble_options{}.as_published);
    cls.def_property_readonly("contracts", [](const ensemble& self) {
        py::list result;
        for (const auto& model : self.models()) result.append(as_dict(model.contract()));
        return result;
    });
    cls.def_property_readonly("runs_on",
                              [](const ensemble& self) { return name_of(self.models()[0].device()); });
    define_run(cls, {"models", "as_published"});

    py::class_<inf_net> two_step(module, "InfNet",
                                 "The stage LungCt -> LesionCt; see groundglass.segmentation.InfNet.");
    const inf_net_options two;
    define_init<std::filesystem::path, std::filesystem::path, std::pair<double, double>, bool>(
        two_step,
        [](const lesion_options& options, std::filesystem::path infection, std::filesystem::path multi_class,
           std::pair<double, double> window_hu, bool as_published) {
            return inf_net(inf_net_options{options,
                                           std::move(infection),
                                           std::move(multi_class),
                                           {window_hu.first, window_hu.second},
                                           as_published});
        },
        "infection"_a, "multi_class"_a, py::kw_only(),
        "window_hu"_a = std::pair(two.window_hu.low, two.window_hu.high),
        "as_published"_a = two.as_published);
    two_step.def_property_readonly("contracts", [](const inf_net& self) {
        py::list result;
        result.append(as_dict(self.infection().contract()));
        result.append(as_dict(self.multi_class().contract()));
        return result;
    });
    two_step.def_property_readonly("runs_on",
                                   [](const inf_net& self) { return name_of(self.infection().device()); });
    define_run(two_step, {"infection", "multi_class", "window_hu", "as_published"});

    define_lungs(module);
}
