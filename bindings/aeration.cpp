#include "pybind.hpp"
#include "region_rows.hpp"
#include <groundglass/quantification/aeration.hpp>
#include <groundglass/quantification/involvement_and_aeration.hpp>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace groundglass::bindings {

using namespace py::literals;

namespace {

/// The measures of a row with their names in Python, in the order of tables.
constexpr std::array<std::pair<const char*, double aeration_measures::*>, 19> aeration_columns{{
    {"lung_ml", &aeration_measures::lung_ml},
    {"hyperinflated_ml", &aeration_measures::hyperinflated_ml},
    {"normally_aerated_ml", &aeration_measures::normally_aerated_ml},
    {"poorly_aerated_ml", &aeration_measures::poorly_aerated_ml},
    {"non_aerated_ml", &aeration_measures::non_aerated_ml},
    {"denser_ml", &aeration_measures::denser_ml},
    {"hyperinflated_percent", &aeration_measures::hyperinflated_percent},
    {"normally_aerated_percent", &aeration_measures::normally_aerated_percent},
    {"poorly_aerated_percent", &aeration_measures::poorly_aerated_percent},
    {"non_aerated_percent", &aeration_measures::non_aerated_percent},
    {"denser_percent", &aeration_measures::denser_percent},
    {"low_attenuation_950_percent", &aeration_measures::low_attenuation_950_percent},
    {"low_attenuation_910_percent", &aeration_measures::low_attenuation_910_percent},
    {"perc15_hu", &aeration_measures::perc15_hu},
    {"mean_hu", &aeration_measures::mean_hu},
    {"sd_hu", &aeration_measures::sd_hu},
    {"gas_ml", &aeration_measures::gas_ml},
    {"lung_mass_g", &aeration_measures::lung_mass_g},
    {"air_tissue_ratio", &aeration_measures::air_tissue_ratio},
}};

py::dict measures_dict(const aeration_measures& row) {
    py::dict result;
    for (const auto& [name, member] : aeration_columns) result[name] = row.*member;
    return result;
}

py::dict row_dict(const region_aeration& row) {
    py::dict result("region"_a = name_of(row.region));
    result.attr("update")(measures_dict(row));
    return result;
}

py::tuple state_of(const aeration_measures& row) {
    py::list state;
    for (const auto& [name, member] : aeration_columns) state.append(row.*member);
    return py::tuple(state);
}

aeration_measures aeration_from(const py::tuple& state) {
    aeration_measures row;
    for (std::size_t i = 0; i < aeration_columns.size(); ++i)
        row.*(aeration_columns[i].second) = state[i].cast<double>();
    return row;
}

py::tuple state_of(const region_aeration& row) {
    return py::make_tuple(static_cast<int>(row.region), state_of(static_cast<const aeration_measures&>(row)));
}

region_aeration aeration_row_from(const py::tuple& state) {
    return {aeration_from(state[1].cast<py::tuple>()), static_cast<lung_region>(state[0].cast<int>())};
}

template <class Rows>
py::tuple aeration_states(const Rows& rows) {
    py::list states;
    for (const auto& row : rows) states.append(state_of(row));
    return py::tuple(states);
}

py::tuple state_of(const aeration_table& table) {
    return py::make_tuple(aeration_states(table.rows), aeration_states(table.lobes),
                          aeration_states(table.segments), table.bands_hu, table.notes);
}

aeration_table aeration_table_from(const py::tuple& state) {
    aeration_table table;
    const auto rows = state[0].cast<py::tuple>();
    for (std::size_t i = 0; i < lung_region_count; ++i)
        table.rows[i] = aeration_row_from(rows[i].cast<py::tuple>());
    for (const auto& row : state[1].cast<py::tuple>())
        table.lobes.push_back(aeration_row_from(row.cast<py::tuple>()));
    for (const auto& row : state[2].cast<py::tuple>())
        table.segments.push_back(aeration_from(row.cast<py::tuple>()));
    table.bands_hu = state[3].cast<aeration_bands>();
    table.notes = state[4].cast<notes>();
    return table;
}

/// Whole numbers only: -900.5 would be cut without a word.
aeration_bands bands_from(const py::object& given) {
    const std::string wrong = "aeration: the bands' edges must be four whole numbers in HU, found " +
                              py::cast<std::string>(py::repr(given));
    aeration_bands bands{};
    if (PySequence_Check(given.ptr()) == 0 || py::len(given) != bands.size())
        throw std::invalid_argument(wrong);
    for (std::size_t i = 0; i < bands.size(); ++i) {
        const py::object edge = given[py::int_(i)];
        if (PyIndex_Check(edge.ptr()) == 0) throw std::invalid_argument(wrong);
        const auto value = py::reinterpret_steal<py::object>(PyNumber_Index(edge.ptr()));
        int overflow = 0;
        const long number = PyLong_AsLongAndOverflow(value.ptr(), &overflow);
        if (overflow != 0 || number < -1000000 || number > 1000000) throw std::invalid_argument(wrong);
        bands[i] = static_cast<int>(number);
    }
    return bands;
}

py::tuple bands_of(const aeration& stage) { return py::tuple(py::cast(stage.options().bands_hu)); }

} // namespace

void bind_aeration(py::module_& module) {
    py::class_<aeration_measures> measures(
        module, "AerationMeasures",
        "Air and tissue of one part of the lungs: ml, percent of the lung, HU, g; NaN where empty.");
    for (const auto& [name, member] : aeration_columns)
        measures.def_property_readonly(
            name, [member = member](const aeration_measures& self) { return self.*member; });
    measures.def("to_dict", [](const aeration_measures& self) { return measures_dict(self); })
        .def(py::pickle([](const aeration_measures& self) { return state_of(self); }, &aeration_from))
        .def("__repr__", [](const aeration_measures& self) {
            return py::str("AerationMeasures(lung_ml={:.0f}, gas_ml={:.0f}, lung_mass_g={:.0f})")
                .format(self.lung_ml, self.gas_ml, self.lung_mass_g);
        });

    py::class_<region_aeration, aeration_measures>(module, "RegionAeration",
                                                   "The aeration of one region, with its name.")
        .def_property_readonly("region", [](const region_aeration& self) { return name_of(self.region); })
        .def("to_dict", [](const region_aeration& self) { return row_dict(self); })
        .def(py::pickle([](const region_aeration& self) { return state_of(self); }, &aeration_row_from))
        .def("__repr__", [](const region_aeration& self) {
            return py::str("RegionAeration({!r}, lung_ml={:.0f}, gas_ml={:.0f}, lung_mass_g={:.0f})")
                .format(name_of(self.region), self.lung_ml, self.gas_ml, self.lung_mass_g);
        });

    py::class_<aeration_table> table(
        module, "AerationTable",
        R"(One row a region; the first is both lungs. Indexed by place or by region name.

lobes and segments are empty unless the lungs came with maps of them. bands_hu: the four edges between the
compartments. notes: what makes low attenuation and Perc15 unreliable, 'thick_slices' and 'sharp_kernel'.)");
    def_region_rows(
        table, [](const region_aeration& row) { return row_dict(row); },
        [](const aeration_measures& row) { return measures_dict(row); });
    table
        .def_property_readonly("bands_hu",
                               [](const aeration_table& self) { return py::tuple(py::cast(self.bands_hu)); })
        .def_readonly("notes", &aeration_table::notes)
        .def(py::pickle([](const aeration_table& self) { return state_of(self); }, &aeration_table_from))
        .def("__repr__", [](const aeration_table& self) {
            return py::str("AerationTable(lung_ml={:.0f}, gas_ml={:.0f}, lung_mass_g={:.0f})")
                .format(self.rows[0].lung_ml, self.rows[0].gas_ml, self.rows[0].lung_mass_g);
        });

    py::class_<aeration> stage(module, "Aeration", R"(LungCt or LesionCt → AerationTable, in one pass.

bands_hu: the edges between hyperinflated, normally, poorly and non-aerated lung and what is denser, four whole
numbers that rise. A voxel with the value of one of the first three belongs to the compartment above it, one with
that of the last to the non-aerated. Raises ValueError for other edges.)");
    stage
        .def(py::init([](const py::object& bands) { return aeration({.bands_hu = bands_from(bands)}); }),
             py::kw_only(), "bands_hu"_a = py::tuple(py::cast(published_bands)))
        .def_property_readonly("bands_hu", &bands_of)
        .def("__call__", py::overload_cast<const lung_ct&>(&aeration::operator(), py::const_), "study"_a,
             py::call_guard<py::gil_scoped_release>())
        .def("__call__", py::overload_cast<const lesion_ct&>(&aeration::operator(), py::const_), "study"_a,
             py::call_guard<py::gil_scoped_release>());
    as_stage(
        by_keywords(stage, [](const aeration& self) { return py::dict("bands_hu"_a = bands_of(self)); }));

    module.def(
        "involvement_and_aeration", &involvement_and_aeration, "study"_a, py::kw_only(),
        "involvement"_a = involvement(), "aeration"_a = aeration(), py::call_guard<py::gil_scoped_release>(),
        R"(Both tables, the same as of the two stages, in one pass over the voxels: the histogram of the lung serves both.)");
}

} // namespace groundglass::bindings
