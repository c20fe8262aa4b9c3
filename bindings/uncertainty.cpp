#include "high_opacity.hpp"
#include "pybind.hpp"
#include <groundglass/quantification/involvement_uncertainty.hpp>

namespace groundglass::bindings {

using namespace py::literals;

namespace {

/// The curves of a row with their names in Python.
constexpr std::array<std::pair<const char*, quantile_curve region_uncertainty::*>, 5> curves{{
    {"ground_glass_ml", &region_uncertainty::ground_glass_ml},
    {"consolidation_ml", &region_uncertainty::consolidation_ml},
    {"opacity_ml", &region_uncertainty::opacity_ml},
    {"opacity_percent", &region_uncertainty::opacity_percent},
    {"high_opacity_percent", &region_uncertainty::high_opacity_percent},
}};

py::dict curve_dict(const quantile_curve& curve) {
    return py::dict("values"_a = curve.values, "lower"_a = curve.lower, "upper"_a = curve.upper);
}

py::dict row_dict(const region_uncertainty& row) {
    py::dict result("region"_a = name_of(row.region));
    for (const auto& [name, curve] : curves) result[name] = curve_dict(row.*curve);
    return result;
}

template <class Rows>
py::list row_dicts(const Rows& rows) {
    py::list result;
    for (const auto& row : rows) result.append(row_dict(row));
    return result;
}

py::tuple state_of(const region_uncertainty& row) {
    py::list state;
    state.append(static_cast<int>(row.region));
    for (const auto& [name, curve] : curves) {
        const auto& c = row.*curve;
        state.append(py::make_tuple(c.values, c.lower, c.upper));
    }
    return py::tuple(state);
}

region_uncertainty row_from(const py::tuple& state) {
    region_uncertainty row;
    row.region = static_cast<lung_region>(state[0].cast<int>());
    for (std::size_t i = 0; i < curves.size(); ++i) {
        const auto c = state[i + 1].cast<py::tuple>();
        row.*
            (curves[i].second) = {c[0].cast<std::vector<double>>(), c[1].cast<double>(), c[2].cast<double>()};
    }
    return row;
}

} // namespace

void bind_uncertainty(py::module_& module) {
    py::class_<quantile_curve>(module, "QuantileCurve",
                               "A quantity at each level, and its central interval; NaN where nothing is "
                               "calibrated.")
        .def_readonly("values", &quantile_curve::values)
        .def_readonly("lower", &quantile_curve::lower)
        .def_readonly("upper", &quantile_curve::upper)
        .def("to_dict", &curve_dict)
        .def("__repr__", [](const quantile_curve& self) {
            return py::str("QuantileCurve(lower={:.3g}, upper={:.3g})").format(self.lower, self.upper);
        });

    py::class_<region_uncertainty> row(module, "RegionUncertainty",
                                       "One region's curves: ml, and percent of the lung.");
    row.def_property_readonly("region", [](const region_uncertainty& self) { return name_of(self.region); });
    for (const auto& [name, curve] : curves) row.def_readonly(name, curve);
    row.def("to_dict", &row_dict).def("__repr__", [](const region_uncertainty& self) {
        return py::str("RegionUncertainty({!r}, opacity_percent={:.2f}..{:.2f})")
            .format(name_of(self.region), self.opacity_percent.lower, self.opacity_percent.upper);
    });

    py::class_<uncertainty_table>(
        module, "UncertaintyTable",
        "How sure an InvolvementTable is: its quantities at each calibrated level, and central intervals.")
        .def_readonly("levels", &uncertainty_table::levels)
        .def_readonly("coverage", &uncertainty_table::coverage)
        .def_property_readonly("rows",
                               [](const uncertainty_table& self) { return py::list(py::cast(self.rows)); })
        .def_readonly("lobes", &uncertainty_table::lobes)
        .def_readonly("members", &uncertainty_table::members)
        .def_readonly("opacity_percent_sd", &uncertainty_table::opacity_percent_sd)
        .def_property_readonly("calibrated", &uncertainty_table::calibrated)
        .def_property_readonly("opacity_fractions", &uncertainty_table::opacity_fractions,
                               "Opacity of both lungs over their volume, 0..1, at each level.")
        .def("__getitem__",
             [](const uncertainty_table& self, const std::string& region) {
                 for (const auto& found : self.rows)
                     if (name_of(found.region) == region) return found;
                 for (const auto& found : self.lobes)
                     if (name_of(found.region) == region) return found;
                 throw py::key_error(region);
             })
        .def(
            "to_dict",
            [](const uncertainty_table& self) {
                return py::dict("levels"_a = self.levels, "coverage"_a = self.coverage,
                                "members"_a = self.members, "opacity_percent_sd"_a = self.opacity_percent_sd,
                                "rows"_a = row_dicts(self.rows), "lobes"_a = row_dicts(self.lobes));
            },
            "Plain types, units in the keys.")
        .def(py::pickle(
            [](const uncertainty_table& self) {
                py::list rows;
                for (const auto& found : self.rows) rows.append(state_of(found));
                py::list lobes;
                for (const auto& found : self.lobes) lobes.append(state_of(found));
                return py::make_tuple(self.levels, self.coverage, self.members, self.opacity_percent_sd, rows,
                                      lobes);
            },
            [](const py::tuple& s) {
                uncertainty_table self;
                self.levels = s[0].cast<std::vector<double>>();
                self.coverage = s[1].cast<double>();
                self.members = s[2].cast<std::size_t>();
                self.opacity_percent_sd = s[3].cast<double>();
                const auto rows = s[4].cast<py::list>();
                for (std::size_t i = 0; i < lung_region_count; ++i)
                    self.rows[i] = row_from(rows[i].cast<py::tuple>());
                for (const auto& state : s[5].cast<py::list>())
                    self.lobes.push_back(row_from(state.cast<py::tuple>()));
                return self;
            }))
        .def("__repr__", [](const uncertainty_table& self) {
            const auto& opacity = self.rows[0].opacity_percent;
            return py::str("UncertaintyTable(coverage={:g}, opacity_percent={:.2f}..{:.2f}, members={})")
                .format(self.coverage, opacity.lower, opacity.upper, self.members);
        });

    const involvement_uncertainty_options standard;
    py::class_<involvement_uncertainty> stage(
        module, "InvolvementUncertainty",
        R"(LesionCt → UncertaintyTable: between which values an InvolvementTable's lie.

high_opacity: what PHO counts, as in Involvement. coverage: of the central intervals, above 0 and below 1. Without a
calibration of the models that found the lesions all curves are empty and all bounds NaN. Raises ValueError where the
calibrated levels don't reach the coverage.)");
    stage
        .def(py::init([](const std::string& rule, double coverage) {
                 return involvement_uncertainty(
                     {.high_opacity = rule_of(rule, "InvolvementUncertainty"), .coverage = coverage});
             }),
             py::kw_only(), "high_opacity"_a = rule_name(standard.high_opacity),
             "coverage"_a = standard.coverage)
        .def_property_readonly(
            "high_opacity",
            [](const involvement_uncertainty& self) { return rule_name(self.options().high_opacity); })
        .def_property_readonly("coverage",
                               [](const involvement_uncertainty& self) { return self.options().coverage; })
        .def("__call__", &involvement_uncertainty::operator(), "study"_a,
             py::call_guard<py::gil_scoped_release>());
    as_stage(by_keywords(stage, [](const involvement_uncertainty& self) {
        return py::dict("high_opacity"_a = rule_name(self.options().high_opacity),
                        "coverage"_a = self.options().coverage);
    }));
}

} // namespace groundglass::bindings
