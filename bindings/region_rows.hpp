#pragma once

#include "pybind.hpp"
#include <groundglass/volume/lung_regions.hpp>

#include <cstddef>
#include <string>

namespace groundglass::bindings {

/// What a bound table with a row for each region, and one for lobes and segments where there are maps, gives
/// Python: the rows as lists, by place and by name, as dicts and as a DataFrame. `row_dict` and
/// `measures_dict` make a dict of a row, and of one without a name.
template <class Table, class RowDict, class MeasuresDict>
void def_region_rows(py::class_<Table>& cls, RowDict row_dict, MeasuresDict measures_dict) {
    cls.def_property_readonly("rows", [](const Table& self) { return py::list(py::cast(self.rows)); })
        .def_property_readonly("lobes", [](const Table& self) { return py::list(py::cast(self.lobes)); })
        .def_property_readonly("segments",
                               [](const Table& self) { return py::list(py::cast(self.segments)); })
        .def("__len__", [](const Table& self) { return self.rows.size(); })
        .def("__getitem__",
             [](const Table& self, std::size_t index) {
                 if (index >= self.rows.size()) throw py::index_error();
                 return self.rows[index];
             })
        .def("__getitem__",
             [](const Table& self, const std::string& region) {
                 for (const auto& row : self.rows)
                     if (name_of(row.region) == region) return row;
                 for (const auto& row : self.lobes)
                     if (name_of(row.region) == region) return row;
                 throw py::key_error(region);
             })
        .def(
            "to_dict",
            [=](const Table& self) {
                py::list rows;
                for (const auto& row : self.rows) rows.append(row_dict(row));
                for (const auto& row : self.lobes) rows.append(row_dict(row));
                for (std::size_t i = 0; i < self.segments.size(); ++i) {
                    py::dict row(py::arg("region") = "segment " + std::to_string(i + 1));
                    row.attr("update")(measures_dict(self.segments[i]));
                    rows.append(row);
                }
                return rows;
            },
            "The rows, lobes and segments as dicts, units in their keys.")
        .def(
            "to_pandas",
            [](const py::object& self) {
                return py::module_::import("groundglass.tables").attr("to_pandas")(self.attr("to_dict")());
            },
            "The rows, lobes and segments as a pandas DataFrame.");
}

} // namespace groundglass::bindings
