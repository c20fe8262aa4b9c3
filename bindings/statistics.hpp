#pragma once

#include "numpy.hpp"
#include "pybind.hpp"
#include <groundglass/statistics/binomial_bounds.hpp>

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Shared by the bindings of the statistics.
namespace groundglass::bindings {

using namespace py::literals;

/// An enumeration by its Python names.
template <class Enum>
struct named {
    const char* option;
    std::vector<std::pair<const char*, Enum>> values;

    [[nodiscard]] Enum of(const std::string& name) const {
        std::string names;
        for (const auto& [known, value] : values) {
            if (name == known) return value;
            names += (names.empty() ? "'" : ", '") + std::string(known) + "'";
        }
        throw std::invalid_argument(std::string(option) + " must be one of " + names + "; found '" + name +
                                    "'");
    }
    [[nodiscard]] const char* name(Enum value) const {
        for (const auto& [known, named_value] : values)
            if (named_value == value) return known;
        return "";
    }
};

/// What a kernel of the statistics takes: any numbers, converted.
using doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;

/// 0 and 1, or truth values.
using labels_array = py::array_t<std::uint8_t, py::array::c_style | py::array::forcecast>;

inline const named<binomial_method> methods{"method",
                                            {{"wilson", binomial_method::wilson},
                                             {"jeffreys", binomial_method::jeffreys},
                                             {"clopper_pearson", binomial_method::clopper_pearson}}};

/// What a user hands over as numbers, checked and converted as in all of the package; of any rank for none.
inline doubles numbers(const py::object& values, const char* name, std::optional<int> dimensions) {
    return py::module_::import("groundglass.statistics.cases")
        .attr("numbers")(values, name, dimensions)
        .cast<doubles>();
}

/// The elements of a one-dimensional array.
template <class T, int flags>
std::span<const T> elements(const py::array_t<T, flags>& array) {
    if (array.ndim() != 1)
        throw std::invalid_argument("one dimension is needed, found " + std::to_string(array.ndim()));
    return {array.data(), static_cast<std::size_t>(array.size())};
}

/// An array of what `get` takes from each row.
template <class T, class Rows, class Get>
py::array_t<T> column(const Rows& rows, Get get) {
    py::array_t<T> result(static_cast<py::ssize_t>(rows.size()));
    std::transform(rows.begin(), rows.end(), result.mutable_data(), get);
    return result;
}

/// A number that Python may hand over negative.
inline std::size_t whole(py::ssize_t value, const char* name) {
    if (value < 0)
        throw std::invalid_argument(std::string(name) + " must not be below 0, found " +
                                    std::to_string(value));
    return static_cast<std::size_t>(value);
}

/// `to_pandas`, by its old name `to_frame` too, and `_repr_html_` by the class's `to_rows`.
template <class Class>
void as_table(Class& cls) {
    const auto tables = [](const char* function) {
        return py::module_::import("groundglass.tables").attr(function);
    };
    cls.def(
        "to_pandas", [tables](const py::object& self) { return tables("to_pandas")(self.attr("to_rows")()); },
        "The rows as a pandas DataFrame. Raises ImportError where pandas is not installed.");
    cls.def(
        "to_frame",
        [](const py::object& self) {
            if (PyErr_WarnEx(PyExc_DeprecationWarning, "to_frame is to_pandas now", 1) != 0)
                throw py::error_already_set();
            return self.attr("to_pandas")();
        },
        "The old name of to_pandas.");
    cls.def("_repr_html_", [tables](const py::object& self) {
        return tables("to_html")(self.attr("to_rows")(), "caption"_a = py::type::of(self).attr("__name__"));
    });
}

} // namespace groundglass::bindings
