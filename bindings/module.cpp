#include "pybind.hpp"
#include <groundglass/error.hpp>

#include <algorithm>
#include <cstring>
#include <string>

namespace py = pybind11;

namespace {

/// Gives what notebooks show, all stages among it, the method that they look for. Tables have their own.
void show_in_notebooks(const py::module_& module) {
    const py::cpp_function show(
        [](const py::object& self) {
            return py::module_::import("groundglass.html.notebook").attr("shown")(self);
        },
        py::is_method(py::none()), py::name("_repr_html_"));
    const auto values = {"CtVolume",         "LungCt",         "LesionCt",          "InvolvementTable",
                         "AerationTable",    "DependentTable", "UncertaintyTable",  "ScoreTable",
                         "SliceInvolvement", "Thresholds",     "GradeProbabilities"};
    const auto is_value = [&](const std::string& name) {
        return std::find(values.begin(), values.end(), name) != values.end();
    };
    for (const auto& [name, member] : module.attr("__dict__").cast<py::dict>()) {
        if (!py::isinstance<py::type>(member)) continue;
        const auto own = member.attr("__dict__");
        if ((is_value(name.cast<std::string>()) || own.contains("__ror__")) && !own.contains("_repr_html_"))
            member.attr("_repr_html_") = show;
    }
}

} // namespace

PYBIND11_MODULE(_core, module) {
    namespace bindings = groundglass::bindings;
    module.doc() = "The compiled part of groundglass that needs no LibTorch.";
    module.attr("__version__") = GROUNDGLASS_VERSION_STRING;
    // Known without loading LibTorch, so that a missing or other torch can be told before it is looked for.
    module.attr("torch_version") = GROUNDGLASS_TORCH_VERSION;

    // pybind11 wants the pointer by value. NOLINTNEXTLINE(performance-unnecessary-value-param)
    py::register_exception_translator([](std::exception_ptr error) {
        const auto raise = [](const char* type, const char* text) {
            const py::object cls = py::module_::import("groundglass.errors").attr(type);
            // A message names a path, which may be no UTF-8, or bytes of a damaged file.
            const auto size = static_cast<py::ssize_t>(std::strlen(text));
            const auto decoded =
                py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(text, size, "surrogateescape"));
            if (decoded) PyErr_SetObject(cls.ptr(), decoded.ptr());
        };
        try {
            if (error) std::rethrow_exception(error);
        } catch (const groundglass::format_error& e) {
            raise("FormatError", e.what());
        } catch (const groundglass::model_error& e) {
            raise("ModelError", e.what());
        }
    });

    // Values before the stages that take them, so that signatures name Python types.
    bindings::bind_volume(module);
    bindings::bind_reading(module);
    bindings::bind_series(module);
    bindings::bind_lung_mask(module);
    bindings::bind_quantification(module);
    bindings::bind_aeration(module);
    bindings::bind_dependent_density(module);
    bindings::bind_preset(module);
    bindings::bind_uncertainty(module);
    bindings::bind_change(module);
    bindings::bind_severity(module);
    bindings::bind_evaluation(module);
    bindings::bind_savitzky_golay(module);
    bindings::bind_intervals(module);
    bindings::bind_threshold_fit(module);
    show_in_notebooks(module);
}
