#include "statistics.hpp"
#include <groundglass/severity/thresholds.hpp>
#include <groundglass/statistics/threshold_bootstrap.hpp>

#include <numeric>

namespace groundglass::bindings {

namespace {

const named<threshold_goal> goals{"fit_thresholds: goal",
                                  {{"mean_recall", threshold_goal::mean_recall},
                                   {"accuracy", threshold_goal::accuracy},
                                   {"linear_kappa", threshold_goal::linear_kappa},
                                   {"quadratic_kappa", threshold_goal::quadratic_kappa},
                                   {"cost", threshold_goal::cost}}};
const named<cut_rule> cut_rules{"fit_thresholds: cut",
                                {{"midpoint", cut_rule::midpoint}, {"observed", cut_rule::observed}}};

using classes_array = py::array_t<std::size_t, py::array::c_style | py::array::forcecast>;

fit_thresholds_options threshold_options(std::vector<std::string> classes, const std::string& goal,
                                         std::vector<double> prevalence,
                                         std::vector<std::vector<double>> costs, const std::string& cut,
                                         std::optional<std::size_t> grid) {
    return {std::move(classes), goals.of(goal),    std::move(prevalence),
            std::move(costs),   cut_rules.of(cut), grid};
}

py::tuple pair_of(const bounds& b) { return py::make_tuple(b.lower, b.upper); }

py::tuple pairs_of(const std::vector<bounds>& many) {
    py::tuple result(many.size());
    for (std::size_t i = 0; i < many.size(); ++i) result[i] = pair_of(many[i]);
    return result;
}

bounds bounds_from(const py::handle& pair) {
    const auto values = pair.cast<std::pair<double, double>>();
    return {values.first, values.second};
}

std::vector<bounds> many_bounds_from(const py::handle& pairs) {
    std::vector<bounds> result;
    for (const auto& pair : pairs) result.push_back(bounds_from(pair));
    return result;
}

py::tuple plateaus_of(const threshold_fit& fit) {
    py::tuple result(fit.plateaus.size());
    for (std::size_t i = 0; i < fit.plateaus.size(); ++i) result[i] = pairs_of(fit.plateaus[i]);
    return result;
}

py::tuple state_of(const threshold_fit& fit) {
    return py::make_tuple(fit.cuts, fit.classes, static_cast<int>(fit.goal), fit.objective,
                          fit.balanced_accuracy, fit.accuracy, fit.recall, fit.confusion, plateaus_of(fit),
                          fit.remarks);
}

threshold_fit fit_from(const py::tuple& s) {
    threshold_fit fit;
    fit.cuts = s[0].cast<std::vector<double>>();
    fit.classes = s[1].cast<std::vector<std::string>>();
    fit.goal = static_cast<threshold_goal>(s[2].cast<int>());
    fit.objective = s[3].cast<double>();
    fit.balanced_accuracy = s[4].cast<double>();
    fit.accuracy = s[5].cast<double>();
    fit.recall = s[6].cast<std::vector<double>>();
    fit.confusion = s[7].cast<class_table>();
    for (const auto& plateau : s[8]) fit.plateaus.push_back(many_bounds_from(plateau));
    fit.remarks = s[9].cast<notes>();
    return fit;
}

} // namespace

void bind_threshold_fit(py::module_& module) {
    py::class_<threshold_fit> fit(
        module, "ThresholdFit",
        R"(Value → ordered class by fitted cuts, with how well that works on the patients it was fitted to.

Made by groundglass.fit_thresholds. A value equal to a cut belongs to the upper class. thresholds is the same rule as a
stage of the patient's flow. A call raises ValueError for NaN.)");
    fit.def_property_readonly("cuts",
                              [](const threshold_fit& self) { return py::tuple(py::cast(self.cuts)); })
        .def_property_readonly("classes",
                               [](const threshold_fit& self) { return py::tuple(py::cast(self.classes)); })
        .def_property_readonly("goal", [](const threshold_fit& self) { return goals.name(self.goal); })
        .def_readonly("objective", &threshold_fit::objective, "The goal's value on the fitted patients.")
        .def_readonly("balanced_accuracy", &threshold_fit::balanced_accuracy, "Mean recall of the classes.")
        .def_readonly("accuracy", &threshold_fit::accuracy)
        .def_property_readonly("recall",
                               [](const threshold_fit& self) { return py::tuple(py::cast(self.recall)); })
        .def_property_readonly(
            "confusion",
            [](const threshold_fit& self) {
                const auto size = static_cast<py::ssize_t>(self.confusion.size());
                py::array_t<std::size_t> table({size, size});
                std::size_t* to = table.mutable_data();
                for (const auto& row : self.confusion) to = std::copy(row.begin(), row.end(), to);
                return table;
            },
            "Patients by true class (rows) and class they are put into (columns).")
        .def_property_readonly("plateaus", &plateaus_of,
                               "For each cut the (lower, upper] ranges it can take without loss.")
        .def_property_readonly(
            "thresholds", [](const threshold_fit& self) { return severity::thresholds(self); },
            "The rule as a Thresholds stage; ValueError unless the cuts are fractions of 0..1.")
        .def_readonly("notes", &threshold_fit::remarks)
        .def("index", &threshold_fit::index, "value"_a, "Place of the class, 0 the lowest.")
        .def("__call__", &threshold_fit::operator(), "value"_a)
        .def(
            "to_rows",
            [](const threshold_fit& self) {
                py::list rows;
                constexpr double infinity = std::numeric_limits<double>::infinity();
                for (std::size_t c = 0; c < self.classes.size(); ++c) {
                    const auto& assigned = self.confusion[c];
                    rows.append(py::dict(
                        "class"_a = self.classes[c], "start"_a = c == 0 ? -infinity : self.cuts[c - 1],
                        "stop"_a = c < self.cuts.size() ? self.cuts[c] : infinity,
                        "patients"_a = std::accumulate(assigned.begin(), assigned.end(), std::size_t{0}),
                        "recalled"_a = assigned[c], "recall"_a = self.recall[c]));
                }
                return rows;
            },
            "One dict a class: its range of values, its patients, and how many of them the cuts recall.")
        .def("__eq__",
             [](const threshold_fit& self, const py::object& other) {
                 return py::isinstance<threshold_fit>(other) && self == other.cast<const threshold_fit&>();
             })
        .def(py::pickle([](const threshold_fit& self) { return state_of(self); }, &fit_from))
        .def("__repr__", [](const threshold_fit& self) {
            return py::str("ThresholdFit(cuts={}, classes={}, {}={:.4f})")
                .format(py::tuple(py::cast(self.cuts)), py::tuple(py::cast(self.classes)),
                        goals.name(self.goal), self.objective);
        });
    fit.attr("__hash__") = py::none();
    as_table(as_stage(fit));

    py::class_<threshold_bootstrap> bootstrap(module, "ThresholdBootstrap",
                                              R"(How far fitted thresholds can be trusted.

Made by groundglass.bootstrap_thresholds. cuts are percentile intervals; apparent is the objective on the fitted patients,
corrected the same less the optimism, out_of_bag its mean on the patients that a resample left out.)");
    bootstrap.def_readonly("fit", &threshold_bootstrap::fit)
        .def_property_readonly("cuts", [](const threshold_bootstrap& self) { return pairs_of(self.cuts); })
        .def_property_readonly(
            "resampled_cuts",
            [](const threshold_bootstrap& self) {
                py::array_t<double> result({self.resampled_cuts.size(), self.resampled_cuts.front().size()});
                double* to = result.mutable_data();
                for (const auto& row : self.resampled_cuts) to = std::copy(row.begin(), row.end(), to);
                return result;
            },
            "Array (cuts, resamples).")
        .def_readonly("apparent", &threshold_bootstrap::apparent)
        .def_readonly("optimism", &threshold_bootstrap::optimism)
        .def_readonly("corrected", &threshold_bootstrap::corrected)
        .def_readonly("out_of_bag", &threshold_bootstrap::out_of_bag)
        .def_property_readonly(
            "out_of_bag_bounds",
            [](const threshold_bootstrap& self) { return pair_of(self.out_of_bag_bounds); })
        .def(
            "to_rows",
            [](const threshold_bootstrap& self) {
                py::list rows;
                for (std::size_t i = 0; i < self.cuts.size(); ++i)
                    rows.append(
                        py::dict("between"_a = self.fit.classes[i] + " and " + self.fit.classes[i + 1],
                                 "cut"_a = self.fit.cuts[i], "lower"_a = self.cuts[i].lower,
                                 "upper"_a = self.cuts[i].upper));
                return rows;
            },
            "One dict a cut, with its interval.")
        .def(py::pickle(
            [](const threshold_bootstrap& self) {
                return py::make_tuple(state_of(self.fit), pairs_of(self.cuts), self.resampled_cuts,
                                      self.apparent, self.optimism, self.corrected, self.out_of_bag,
                                      pair_of(self.out_of_bag_bounds));
            },
            [](const py::tuple& s) {
                return threshold_bootstrap{fit_from(s[0].cast<py::tuple>()),
                                           many_bounds_from(s[1]),
                                           s[2].cast<std::vector<std::vector<double>>>(),
                                           s[3].cast<double>(),
                                           s[4].cast<double>(),
                                           s[5].cast<double>(),
                                           s[6].cast<double>(),
                                           bounds_from(s[7])};
            }))
        .def("__repr__", [](const threshold_bootstrap& self) {
            return py::str(
                       "ThresholdBootstrap(cuts={}, apparent={:.4f}, corrected={:.4f}, out_of_bag={:.4f})")
                .format(pairs_of(self.cuts), self.apparent, self.corrected, self.out_of_bag);
        });
    as_table(bootstrap);

    module.def(
        "fit_thresholds",
        [](const doubles& values, const classes_array& classes, std::vector<std::string> names,
           const std::string& goal, std::vector<double> prevalence, std::vector<std::vector<double>> costs,
           const std::string& cut, std::optional<std::size_t> grid) {
            const auto options =
                threshold_options(std::move(names), goal, std::move(prevalence), std::move(costs), cut, grid);
            const auto from = elements(values);
            const auto of = elements(classes);
            const py::gil_scoped_release release;
            return fit_thresholds(from, of, options);
        },
        "values"_a, "classes"_a, py::kw_only(), "names"_a, "goal"_a, "prevalence"_a, "costs"_a, "cut"_a,
        "grid"_a, "The best cuts for classes by their places; see groundglass.fit_thresholds.");
    module.def(
        "threshold_objective",
        [](const classes_array& tables, const std::string& goal, std::vector<double> prevalence,
           const std::vector<std::vector<double>>& costs) {
            if (tables.ndim() != 3 || tables.shape(1) != tables.shape(2) || tables.shape(0) == 0)
                throw std::invalid_argument(
                    "threshold_objective: (table, true class, assigned class) is needed");
            const auto count = tables.unchecked<3>();
            const auto classes = static_cast<std::size_t>(count.shape(1));
            const auto read = [&](py::ssize_t place) {
                class_table table(classes, std::vector<std::size_t>(classes));
                for (std::size_t c = 0; c < classes; ++c)
                    for (std::size_t j = 0; j < classes; ++j)
                        table[c][j] = count(place, static_cast<py::ssize_t>(c), static_cast<py::ssize_t>(j));
                return table;
            };
            std::vector<std::size_t> patients;
            for (const auto& row : read(0))
                patients.push_back(std::accumulate(row.begin(), row.end(), std::size_t{0}));
            const threshold_objective objective(goals.of(goal), patients, std::move(prevalence), costs);
            py::array_t<double> result(count.shape(0));
            for (py::ssize_t place = 0; place < count.shape(0); ++place)
                result.mutable_at(place) = objective.value(read(place));
            return result;
        },
        "tables"_a, py::kw_only(), "goal"_a, "prevalence"_a, "costs"_a,
        "The goal's value for each of many tables [truth][assigned] of one cohort.");
    module.def(
        "bootstrap_thresholds",
        [](const doubles& values, const classes_array& classes, std::vector<std::string> names,
           const std::string& goal, std::vector<double> prevalence, std::vector<std::vector<double>> costs,
           const std::string& cut, std::optional<std::size_t> grid, py::ssize_t resamples, double level,
           std::uint64_t seed) {
            const auto options =
                threshold_options(std::move(names), goal, std::move(prevalence), std::move(costs), cut, grid);
            const auto from = elements(values);
            const auto of = elements(classes);
            const bootstrap_options bootstrapped{whole(resamples, "bootstrap_thresholds: resamples"), level,
                                                 seed};
            const py::gil_scoped_release release;
            return bootstrap_thresholds(from, of, options, bootstrapped);
        },
        "values"_a, "classes"_a, py::kw_only(), "names"_a, "goal"_a, "prevalence"_a, "costs"_a, "cut"_a,
        "grid"_a, "resamples"_a, "level"_a, "seed"_a,
        "The same with resampled fits; see groundglass.bootstrap_thresholds.");
}

} // namespace groundglass::bindings
