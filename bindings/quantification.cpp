#include "high_opacity.hpp"
#include "numpy.hpp"
#include "pybind.hpp"
#include "region_rows.hpp"
#include <groundglass/quantification/involvement.hpp>
#include <groundglass/quantification/slice_profile.hpp>

namespace groundglass::bindings {

using namespace py::literals;

namespace {

py::dict measures_dict(const involvement_measures& row) {
    return py::dict("lung_ml"_a = row.lung_ml, "ground_glass_ml"_a = row.ground_glass_ml,
                    "consolidation_ml"_a = row.consolidation_ml, "opacity_ml"_a = row.opacity_ml,
                    "opacity_percent"_a = row.opacity_percent,
                    "high_opacity_percent"_a = row.high_opacity_percent, "lung_hu_mean"_a = row.lung_hu.mean,
                    "lung_hu_sd"_a = row.lung_hu.sd, "opacity_hu_mean"_a = row.opacity_hu.mean,
                    "opacity_hu_sd"_a = row.opacity_hu.sd);
}

py::dict row_dict(const region_involvement& row) {
    py::dict result("region"_a = name_of(row.region));
    result.attr("update")(measures_dict(row));
    return result;
}

py::dict slice_dict(const slice_involvement& entry) {
    return py::dict("slice"_a = entry.slice, "position_mm"_a = entry.position_mm, "lung_ml"_a = entry.lung_ml,
                    "ground_glass_ml"_a = entry.ground_glass_ml,
                    "consolidation_ml"_a = entry.consolidation_ml,
                    "opacity_percent"_a = entry.opacity_percent);
}

py::tuple state_of(const hounsfield_statistics& s) { return py::make_tuple(s.count, s.mean, s.sd); }

hounsfield_statistics statistics_from(const py::tuple& s) {
    return {s[0].cast<std::uint64_t>(), s[1].cast<double>(), s[2].cast<double>()};
}

py::tuple state_of(const involvement_measures& row) {
    return py::make_tuple(row.lung_ml, row.ground_glass_ml, row.consolidation_ml, row.opacity_ml,
                          row.opacity_percent, row.high_opacity_percent, state_of(row.lung_hu),
                          state_of(row.opacity_hu));
}

involvement_measures measures_from(const py::tuple& s) {
    return {s[0].cast<double>(),
            s[1].cast<double>(),
            s[2].cast<double>(),
            s[3].cast<double>(),
            s[4].cast<double>(),
            s[5].cast<double>(),
            statistics_from(s[6].cast<py::tuple>()),
            statistics_from(s[7].cast<py::tuple>())};
}

py::tuple state_of(const region_involvement& row) {
    return py::make_tuple(static_cast<int>(row.region),
                          state_of(static_cast<const involvement_measures&>(row)));
}

region_involvement row_from(const py::tuple& s) {
    return {measures_from(s[1].cast<py::tuple>()), static_cast<lung_region>(s[0].cast<int>())};
}

template <class Rows>
py::tuple states_of(const Rows& rows) {
    py::list states;
    for (const auto& row : rows) states.append(state_of(row));
    return py::tuple(states);
}

py::tuple state_of(const involvement_table& table) {
    return py::make_tuple(states_of(table.rows), states_of(table.lobes), states_of(table.segments),
                          table.lobes_estimated);
}

involvement_table table_from(const py::tuple& s) {
    involvement_table table;
    const auto rows = s[0].cast<py::tuple>();
    for (std::size_t i = 0; i < lung_region_count; ++i) table.rows[i] = row_from(rows[i].cast<py::tuple>());
    for (const auto& state : s[1].cast<py::tuple>()) table.lobes.push_back(row_from(state.cast<py::tuple>()));
    for (const auto& state : s[2].cast<py::tuple>())
        table.segments.push_back(measures_from(state.cast<py::tuple>()));
    table.lobes_estimated = s.size() > 3 && s[3].cast<bool>();
    return table;
}

} // namespace

void bind_quantification(py::module_& module) {
    py::class_<involvement_measures>(
        module, "InvolvementMeasures",
        "Volumes in ml, percentages of the lung, HU of one part of the lungs; NaN where empty.")
        .def_readonly("lung_ml", &involvement_measures::lung_ml)
        .def_readonly("ground_glass_ml", &involvement_measures::ground_glass_ml)
        .def_readonly("consolidation_ml", &involvement_measures::consolidation_ml)
        .def_readonly("opacity_ml", &involvement_measures::opacity_ml)
        .def_readonly("opacity_percent", &involvement_measures::opacity_percent)
        .def_readonly("high_opacity_percent", &involvement_measures::high_opacity_percent)
        .def_property_readonly("lung_hu_mean",
                               [](const involvement_measures& self) { return self.lung_hu.mean; })
        .def_property_readonly("lung_hu_sd", [](const involvement_measures& self) { return self.lung_hu.sd; })
        .def_property_readonly("opacity_hu_mean",
                               [](const involvement_measures& self) { return self.opacity_hu.mean; })
        .def_property_readonly("opacity_hu_sd",
                               [](const involvement_measures& self) { return self.opacity_hu.sd; })
        .def("to_dict", &measures_dict)
        .def(py::pickle([](const involvement_measures& self) { return state_of(self); }, &measures_from))
        .def("__repr__", [](const involvement_measures& self) {
            return py::str("InvolvementMeasures(lung_ml={:.0f}, opacity_percent={:.2f})")
                .format(self.lung_ml, self.opacity_percent);
        });

    py::class_<region_involvement, involvement_measures>(module, "RegionInvolvement",
                                                         "The measures of one region, with its name.")
        .def_property_readonly("region", [](const region_involvement& self) { return name_of(self.region); })
        .def("to_dict", &row_dict)
        .def(py::pickle([](const region_involvement& self) { return state_of(self); }, &row_from))
        .def("__repr__", [](const region_involvement& self) {
            return py::str("RegionInvolvement({!r}, lung_ml={:.0f}, opacity_percent={:.2f})")
                .format(name_of(self.region), self.lung_ml, self.opacity_percent);
        });

    py::class_<involvement_table> table(
        module, "InvolvementTable",
        R"(One row a region; the first is both lungs. Indexed by place or by region name.

lobes and segments are empty unless the lungs came with maps of them.)");
    def_region_rows(
        table, [](const region_involvement& row) { return row_dict(row); },
        [](const involvement_measures& row) { return measures_dict(row); });
    table
        .def_property_readonly("opacity_fraction", &involvement_table::opacity_fraction,
                               "Opacity of both lungs over their volume, 0..1; NaN without lung.")
        .def(py::pickle([](const involvement_table& self) { return state_of(self); }, &table_from))
        .def("__repr__", [](const involvement_table& self) {
            return py::
                str("InvolvementTable(lung_ml={:.0f}, opacity_percent={:.2f}, high_opacity_percent={:.2f})")
                    .format(self.rows[0].lung_ml, self.rows[0].opacity_percent,
                            self.rows[0].high_opacity_percent);
        });

    py::class_<involvement> stage(module, "Involvement", R"(LesionCt → InvolvementTable, in one pass.

high_opacity: what PHO counts, 'consolidation' (default) or 'above_minus_200_hu' (opacity above -200 HU, as in
Chaganti et al. 2020).)");
    stage
        .def(py::init([](const std::string& rule) {
                 return involvement({.high_opacity = rule_of(rule, "Involvement")});
             }),
             py::kw_only(), "high_opacity"_a = "consolidation")
        .def_property_readonly("high_opacity",
                               [](const involvement& self) { return rule_name(self.options().high_opacity); })
        .def("__call__", &involvement::operator(), "study"_a, py::call_guard<py::gil_scoped_release>());
    as_stage(by_keywords(stage, [](const involvement& self) {
        return py::dict("high_opacity"_a = rule_name(self.options().high_opacity));
    }));

    module.def(
        "involvement_by_label",
        [](const lesion_ct& study, const py::array& labels, std::uint8_t count, const std::string& rule) {
            const auto map = from_numpy<std::uint8_t, 3>(labels, "labels");
            const auto high_opacity = rule_of(rule, "involvement_by_label");
            const py::gil_scoped_release release;
            return involvement_by_label(study, map, count, high_opacity);
        },
        "study"_a, "labels"_a, "count"_a, py::kw_only(), "high_opacity"_a = "consolidation",
        R"(The involvement of every part that a map of labels names, as a list of InvolvementMeasures.

labels: uint8 array of the CT's shape; the list holds the labels 1 to count in order. Only lung counts. Raises
ValueError for another shape and for a label above count, TypeError for another dtype.)");

    using profile_type = std::vector<slice_involvement>;
    py::class_<slice_involvement>(module, "SliceInvolvement",
                                  "One axial slice's share: ml, percent, z in mm.")
        .def_readonly("slice", &slice_involvement::slice)
        .def_readonly("position_mm", &slice_involvement::position_mm)
        .def_readonly("lung_ml", &slice_involvement::lung_ml)
        .def_readonly("ground_glass_ml", &slice_involvement::ground_glass_ml)
        .def_readonly("consolidation_ml", &slice_involvement::consolidation_ml)
        .def_readonly("opacity_percent", &slice_involvement::opacity_percent)
        .def("to_dict", &slice_dict)
        .def(py::pickle(
            [](const slice_involvement& self) {
                return py::make_tuple(self.slice, self.position_mm, self.lung_ml, self.ground_glass_ml,
                                      self.consolidation_ml, self.opacity_percent);
            },
            [](const py::tuple& s) {
                return slice_involvement{s[0].cast<std::size_t>(), s[1].cast<double>(), s[2].cast<double>(),
                                         s[3].cast<double>(),      s[4].cast<double>(), s[5].cast<double>()};
            }))
        .def("__repr__", [](const slice_involvement& self) {
            return py::str("SliceInvolvement(slice={}, position_mm={:.1f}, opacity_percent={:.2f})")
                .format(self.slice, self.position_mm, self.opacity_percent);
        });

    py::class_<slice_profile> profile(module, "SliceProfile",
                                      R"(LesionCt → a list with one SliceInvolvement a slice.

minimum_lung_ml: slices with less lung have a NaN percentage. The mean of opacity_percent weighted by lung_ml is the
percentage of opacity of both lungs.)");
    profile
        .def(py::init([](double minimum) { return slice_profile({.minimum_lung_ml = minimum}); }),
             py::kw_only(), "minimum_lung_ml"_a = 0.0)
        .def_property_readonly("minimum_lung_ml",
                               [](const slice_profile& self) { return self.options().minimum_lung_ml; })
        .def(
            "__call__",
            [](const slice_profile& self, const lesion_ct& study) -> profile_type {
                const py::gil_scoped_release release;
                return self(study);
            },
            "study"_a);
    as_stage(by_keywords(profile, [](const slice_profile& self) {
        return py::dict("minimum_lung_ml"_a = self.options().minimum_lung_ml);
    }));
}

} // namespace groundglass::bindings
