#include "pybind.hpp"
#include <groundglass/severity/scores.hpp>
#include <groundglass/severity/thresholds.hpp>

namespace groundglass::bindings {

using namespace py::literals;

void bind_severity(py::module_& module) {
    py::class_<thresholds> cuts(module, "Thresholds",
                                R"(Fraction of opacity (0..1) → ordered class by half-open intervals.

cuts: ascending fractions; a fraction equal to a cut belongs to the upper class. classes: one name more, from least to
most severe. Raises ValueError for unordered cuts or a number of names that does not fit.)");
    cuts.def(py::init([](std::vector<double> values, std::vector<std::string> classes) {
                 return thresholds({std::move(values), std::move(classes)});
             }),
             py::kw_only(), "cuts"_a, "classes"_a)
        .def_static("published", &thresholds::published,
                    "The cuts 0.018 and 0.062 between A, B and C of the public project Timothy102/covid-ct.")
        .def_property_readonly(
            "cuts", [](const thresholds& self) { return py::tuple(py::cast(self.options().cuts)); })
        .def_property_readonly(
            "classes", [](const thresholds& self) { return py::tuple(py::cast(self.options().classes)); })
        .def("index", &thresholds::index, "fraction"_a, "Place of the class, 0 the least severe.")
        .def("__call__", &thresholds::operator(), "fraction"_a);
    as_stage(by_keywords(cuts, [](const thresholds& self) {
        return py::dict("cuts"_a = py::tuple(py::cast(self.options().cuts)),
                        "classes"_a = py::tuple(py::cast(self.options().classes)));
    }));

    py::class_<severity::score_table>(module, "ScoreTable", "Named severity scores of one study.")
        .def_readonly("opacity_fraction", &severity::score_table::opacity_fraction)
        .def_property_readonly(
            "ct_grade_extent",
            [](const severity::score_table& self) { return severity::name_of(self.ct_grade_extent); },
            "MosMedData's CT-0..CT-4 by extent alone.")
        .def("to_dict",
             [](const severity::score_table& self) {
                 return py::dict("opacity_fraction"_a = self.opacity_fraction,
                                 "ct_grade_extent"_a = severity::name_of(self.ct_grade_extent));
             })
        .def(py::pickle(
            [](const severity::score_table& self) {
                return py::make_tuple(self.opacity_fraction, static_cast<int>(self.ct_grade_extent));
            },
            [](const py::tuple& s) {
                return severity::score_table{s[0].cast<double>(),
                                             static_cast<severity::ct_grade>(s[1].cast<int>())};
            }))
        .def("__repr__", [](const severity::score_table& self) {
            return py::str("ScoreTable(opacity_fraction={:.4f}, ct_grade_extent={!r})")
                .format(self.opacity_fraction, severity::name_of(self.ct_grade_extent));
        });

    py::class_<severity::scores> stage(module, "Scores", R"(InvolvementTable → ScoreTable.

absent_below: opacity fractions below this count as no disease (CT-0). Raises ValueError for a table without lung.)");
    stage
        .def(py::init([](double absent_below) { return severity::scores({.absent_below = absent_below}); }),
             py::kw_only(), "absent_below"_a = severity::scores_options{}.absent_below)
        .def_property_readonly("absent_below",
                               [](const severity::scores& self) { return self.options().absent_below; })
        .def("__call__", &severity::scores::operator(), "table"_a);
    as_stage(by_keywords(stage, [](const severity::scores& self) {
        return py::dict("absent_below"_a = self.options().absent_below);
    }));

    module.def(
        "ct_grade_by_extent",
        [](double fraction, double absent_below) {
            return severity::name_of(severity::ct_grade_by_extent(fraction, absent_below));
        },
        "fraction"_a, py::kw_only(), "absent_below"_a = 0.0,
        "CT-0..CT-4 of a fraction (0..1) of opacity: cuts at 25, 50 and 75 %, half-open.");
}

} // namespace groundglass::bindings
