#pragma once

// The first include of every binding file: pybind11 wants to come before the standard library.
#include <groundglass/note.hpp>
#include <groundglass/volume/geometry.hpp>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <string>

// The bindings speak of all rooms; a file includes those that it binds.
namespace groundglass {
namespace volume {}
namespace reading {}
namespace lungs {}
namespace quantification {}
namespace statistics {}
} // namespace groundglass

namespace groundglass::bindings {

namespace py = pybind11;
using namespace volume;
using namespace reading;
using namespace lungs;
using namespace quantification;
using namespace statistics;

/// Gives a bound stage `|` in both directions: `stage | stage` is a `groundglass.Pipeline`, `value | stage`
/// applies it. `__array_ufunc__ = None` keeps numpy from taking `array | stage` for itself.
template <class Class>
Class& as_stage(Class& cls) {
    cls.def(
        "__or__",
        [](const py::object& self, const py::object& other) -> py::object {
            if (PyCallable_Check(other.ptr()) == 0)
                return py::reinterpret_borrow<py::object>(Py_NotImplemented);
            return py::module_::import("groundglass.pipeline").attr("Pipeline")(self, other);
        },
        py::arg("other"), "`self | other`: both as one stage.");
    cls.def(
        "__ror__", [](const py::object& self, const py::object& value) { return self(value); },
        py::arg("value"), "`value | self`: applies the stage.");
    cls.attr("__array_ufunc__") = py::none();
    return cls;
}

/// Pickles a stage by its constructor's keywords: `state(self)` is a dict of them.
template <class Class, class State>
Class& by_keywords(Class& cls, State state) {
    using stage_type = typename Class::type;
    cls.def("__reduce_ex__", [state](const py::object& self, int) {
        return py::make_tuple(py::module_::import("groundglass.pipeline").attr("rebuild"),
                              py::make_tuple(py::type::of(self), state(self.cast<const stage_type&>())));
    });
    cls.def("__repr__", [state](const py::object& self) {
        std::string text = py::cast<std::string>(py::type::of(self).attr("__name__")) + "(";
        bool first = true;
        for (const auto& [key, value] : state(self.cast<const stage_type&>())) {
            text += first ? "" : ", ";
            text += py::cast<std::string>(key);
            text += "=";
            text += py::cast<std::string>(py::repr(value));
            first = false;
        }
        text += ")";
        return text;
    });
    cls.def("__eq__", [](const py::object& self, const py::object& other) {
        return py::isinstance<stage_type>(other) &&
               self.cast<const stage_type&>() == other.cast<const stage_type&>();
    });
    cls.attr("__hash__") = py::none();
    return cls;
}

void bind_volume(py::module_& module);
void bind_reading(py::module_& module);
void bind_series(py::module_& module);
void bind_lung_mask(py::module_& module);
void bind_quantification(py::module_& module);
void bind_aeration(py::module_& module);
void bind_dependent_density(py::module_& module);
void bind_preset(py::module_& module);
void bind_change(py::module_& module);
void bind_uncertainty(py::module_& module);
void bind_severity(py::module_& module);
void bind_evaluation(py::module_& module);
void bind_savitzky_golay(py::module_& module);
void bind_intervals(py::module_& module);
void bind_threshold_fit(py::module_& module);

} // namespace groundglass::bindings
