#include "numpy.hpp"
#include "pybind.hpp"
#include "region_rows.hpp"
#include <groundglass/quantification/dependent_density.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace groundglass::bindings {

using namespace py::literals;

namespace {

py::dict measures_dict(const dependent_measures& row) {
    return py::dict("dependent_ml"_a = row.dependent_ml,
                    "opacity_percent_without_dependent"_a = row.opacity_percent_without_dependent);
}

py::dict dependent_row_dict(const region_dependent& row) {
    py::dict result("region"_a = name_of(row.region));
    result.attr("update")(measures_dict(row));
    return result;
}

py::tuple state_of(const dependent_measures& row) {
    return py::make_tuple(row.dependent_ml, row.opacity_percent_without_dependent);
}
dependent_measures dependent_from(const py::tuple& state) {
    return {state[0].cast<double>(), state[1].cast<double>()};
}
py::tuple state_of(const region_dependent& row) {
    return py::make_tuple(static_cast<int>(row.region),
                          state_of(static_cast<const dependent_measures&>(row)));
}
region_dependent dependent_row_from(const py::tuple& state) {
    return {dependent_from(state[1].cast<py::tuple>()), static_cast<lung_region>(state[0].cast<int>())};
}

template <class Rows>
py::list dependent_states(const Rows& rows) {
    py::list states;
    for (const auto& row : rows) states.append(state_of(row));
    return states;
}

py::tuple state_of(const dependent_table& self) {
    return py::make_tuple(dependent_states(self.rows), dependent_states(self.lobes),
                          dependent_states(self.segments), name_of(self.position), self.left_out,
                          self.lung_level_hu, view_of(self.layer), self.notes);
}

dependent_table dependent_table_from(const py::tuple& state) {
    dependent_table table;
    const auto rows = state[0].cast<py::list>();
    for (std::size_t i = 0; i < table.rows.size(); ++i)
        table.rows[i] = dependent_row_from(rows[i].cast<py::tuple>());
    for (const auto& row : state[1].cast<py::list>())
        table.lobes.push_back(dependent_row_from(row.cast<py::tuple>()));
    for (const auto& row : state[2].cast<py::list>())
        table.segments.push_back(dependent_from(row.cast<py::tuple>()));
    table.position = position_named(state[3].cast<std::string>());
    table.left_out = state[4].cast<std::string>();
    table.lung_level_hu = state[5].cast<std::optional<int>>();
    if (!state[6].is_none()) table.layer = shared(from_numpy<std::uint8_t, 3>(state[6], "layer"));
    table.notes = state[7].cast<notes>();
    return table;
}

void bind_dependent_rows(py::module_& module) {
    py::class_<dependent_measures>(
        module, "DependentMeasures",
        "The opacity of one part of the lungs that lies as dependent density does, ml, and the percentage of "
        "opacity without it; NaN where it is not told apart.")
        .def_readonly("dependent_ml", &dependent_measures::dependent_ml)
        .def_readonly("opacity_percent_without_dependent",
                      &dependent_measures::opacity_percent_without_dependent)
        .def("to_dict", [](const dependent_measures& self) { return measures_dict(self); })
        .def(py::pickle([](const dependent_measures& self) { return state_of(self); }, &dependent_from))
        .def("__repr__", [](const dependent_measures& self) {
            return py::str("DependentMeasures(dependent_ml={:.1f})").format(self.dependent_ml);
        });

    py::class_<region_dependent, dependent_measures>(module, "RegionDependent",
                                                     "The dependent density of one region, with its name.")
        .def_property_readonly("region", [](const region_dependent& self) { return name_of(self.region); })
        .def("to_dict", [](const region_dependent& self) { return dependent_row_dict(self); })
        .def(py::pickle([](const region_dependent& self) { return state_of(self); }, &dependent_row_from))
        .def("__repr__", [](const region_dependent& self) {
            return py::str("RegionDependent({!r}, dependent_ml={:.1f})")
                .format(name_of(self.region), self.dependent_ml);
        });
}

} // namespace

void bind_dependent_density(py::module_& module) {
    bind_dependent_rows(module);

    py::class_<dependent_table> table(
        module, "DependentTable",
        R"(One row a region; the first is both lungs. Indexed by place or by region name.

lobes and segments are empty unless the lungs came with maps of them. position: how the patient lay. left_out: why
dependent density is not told apart, 'position_unknown', 'lies_on_side', 'one_lung' or 'no_free_lung', else ''.
lung_level_hu: median of the lung without opacity, None where there is none. layer: uint8 (slice, row, column), 1 where
a voxel belongs to it; None where it is not told apart. notes: the same in words.)");
    def_region_rows(
        table, [](const region_dependent& row) { return dependent_row_dict(row); },
        [](const dependent_measures& row) { return measures_dict(row); });
    table
        .def_property_readonly("position", [](const dependent_table& self) { return name_of(self.position); })
        .def_readonly("left_out", &dependent_table::left_out)
        .def_readonly("lung_level_hu", &dependent_table::lung_level_hu)
        .def_property_readonly("layer", [](const dependent_table& self) { return view_of(self.layer); })
        .def_readonly("notes", &dependent_table::notes)
        .def(py::pickle([](const dependent_table& self) { return state_of(self); }, &dependent_table_from))
        .def("__repr__", [](const dependent_table& self) {
            return py::str("DependentTable(dependent_ml={:.1f}, position={!r}, left_out={!r})")
                .format(self.rows[0].dependent_ml, name_of(self.position), self.left_out);
        });

    const dependent_layer_options usual;
    py::class_<dependent_density> stage(module, "DependentDensity", R"(LesionCt → DependentTable.

The opacity that lies as lung does that gravity makes denser: along the pleura of the side to which the patient lies,
up to depth_mm deep, at most above_lung_hu above the median of the lung without opacity, over gaps of gap_mm at most,
and alike in the other lung within mirror_mm of the mirrored place. It is told apart, never taken away.
position: 'supine', 'prone', 'left_side' or 'right_side', where the CT does not say or says it wrong; 'unknown' goes by
the CT. Raises ValueError for another position, and for a measure that is negative or not finite.)");
    stage
        .def(py::init([](const std::string& position, double depth_mm, int above_lung_hu, double gap_mm,
                         double mirror_mm) {
                 return dependent_density({.position = position_named(position),
                                           .layer = {.depth_mm = depth_mm,
                                                     .above_lung_hu = above_lung_hu,
                                                     .gap_mm = gap_mm,
                                                     .mirror_mm = mirror_mm}});
             }),
             py::kw_only(), "position"_a = "unknown", "depth_mm"_a = usual.depth_mm,
             "above_lung_hu"_a = usual.above_lung_hu, "gap_mm"_a = usual.gap_mm,
             "mirror_mm"_a = usual.mirror_mm)
        .def_property_readonly("position",
                               [](const dependent_density& self) { return name_of(self.options().position); })
        .def("__call__", &dependent_density::operator(), "study"_a, py::call_guard<py::gil_scoped_release>());
    as_stage(by_keywords(stage, [](const dependent_density& self) {
        const auto& [position, layer] = self.options();
        return py::dict("position"_a = name_of(position), "depth_mm"_a = layer.depth_mm,
                        "above_lung_hu"_a = layer.above_lung_hu, "gap_mm"_a = layer.gap_mm,
                        "mirror_mm"_a = layer.mirror_mm);
    }));
}

} // namespace groundglass::bindings
