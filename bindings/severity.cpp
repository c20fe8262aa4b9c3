#include "pybind.hpp"
#include <groundglass/severity/grade_probability.hpp>
#include <groundglass/severity/scores.hpp>
#include <groundglass/severity/thresholds.hpp>

namespace groundglass::bindings {

using namespace py::literals;

namespace {

using severity::extent_convention;
using severity::score_table;

constexpr std::array conventions{extent_convention::ctss_pan2020, extent_convention::ctss_francone,
                                 extent_convention::lss,          extent_convention::lhos,
                                 extent_convention::tss,          extent_convention::tfs,
                                 extent_convention::ct_ss,        extent_convention::ct_ss_segments};

extent_convention convention_of(const std::string& name) {
    std::string known;
    for (const auto convention : conventions) {
        const auto found = severity::definition_of(convention).name;
        if (found == name) return convention;
        known += (known.empty() ? "'" : ", '") + std::string(found) + "'";
    }
    throw std::invalid_argument("extent_score: convention must be one of " + known + ", found '" + name +
                                "'");
}

struct regional_score {
    const char* name;
    std::optional<int> score_table::*member;
    const char* doc;
};

constexpr std::array<regional_score, 9> regional_scores{{
    {"ctss_pan2020", &score_table::ctss_pan2020, "CT severity score of the lobes, 0..25, Pan et al. 2020."},
    {"ctss_francone", &score_table::ctss_francone, "The same by Francone et al. 2020."},
    {"lss", &score_table::lss, "Lung severity score, 0..20, Chaganti et al. 2020."},
    {"lhos", &score_table::lhos, "Lung high opacity score, 0..20, Chaganti et al. 2020."},
    {"tss", &score_table::tss, "Total severity score, 0..20, Chung et al. 2020."},
    {"tfs", &score_table::tfs, "Zonal score of opacity, 0..24."},
    {"tfs_ground_glass", &score_table::tfs_ground_glass, "Zonal score of ground glass, 0..24."},
    {"tfs_consolidation", &score_table::tfs_consolidation, "Zonal score of consolidation, 0..24."},
    {"ct_ss_segments", &score_table::ct_ss_segments,
     "Chest CT severity score of twenty segments, 0..40, Yang et al. 2020; None without their map."},
}};

std::optional<std::string_view> rule_grade(const score_table& self) {
    return self.ct_grade_rule ? std::optional(severity::name_of(*self.ct_grade_rule)) : std::nullopt;
}

py::dict score_dict(const score_table& self) {
    py::dict result("opacity_fraction"_a = self.opacity_fraction,
                    "ct_grade_extent"_a = severity::name_of(self.ct_grade_extent),
                    "ct_grade_rule"_a = rule_grade(self), "ct_ss"_a = self.ct_ss,
                    "lobes"_a = severity::name_of(self.lobes));
    for (const auto& score : regional_scores) result[score.name] = self.*score.member;
    return result;
}

py::tuple score_state(const score_table& self) {
    py::list regional;
    for (const auto& score : regional_scores) regional.append(self.*score.member);
    return py::make_tuple(self.opacity_fraction, static_cast<int>(self.ct_grade_extent),
                          self.ct_grade_rule ? std::optional(static_cast<int>(*self.ct_grade_rule))
                                             : std::nullopt,
                          self.ct_ss, static_cast<int>(self.lobes), py::tuple(regional));
}

score_table score_from(const py::tuple& s) {
    score_table result;
    result.opacity_fraction = s[0].cast<double>();
    result.ct_grade_extent = static_cast<severity::ct_grade>(s[1].cast<int>());
    if (const auto rule = s[2].cast<std::optional<int>>())
        result.ct_grade_rule = static_cast<severity::ct_grade>(*rule);
    result.ct_ss = s[3].cast<int>();
    result.lobes = static_cast<severity::lobe_source>(s[4].cast<int>());
    const auto regional = s[5].cast<py::tuple>();
    for (std::size_t i = 0; i < regional_scores.size(); ++i)
        result.*regional_scores[i].member = regional[i].cast<std::optional<int>>();
    return result;
}

void bind_grade_probability(py::module_& module) {
    using severity::grade_probabilities;
    py::class_<grade_probabilities>(
        module, "GradeProbabilities",
        "How probable each class is, least severe first, and whether the central interval leaves a doubt.")
        .def_property_readonly(
            "probability",
            [](const grade_probabilities& self) { return py::tuple(py::cast(self.probability)); })
        .def_readonly("lower", &grade_probabilities::lower,
                      "Lower end of the central interval of the fraction.")
        .def_readonly("upper", &grade_probabilities::upper)
        .def_property_readonly(
            "cuts_within",
            [](const grade_probabilities& self) { return py::tuple(py::cast(self.cuts_within)); },
            "The cuts within the interval.")
        .def_property_readonly("near_cut", &grade_probabilities::near_cut,
                               "Whether the interval's ends lie in different classes.")
        .def("to_dict",
             [](const grade_probabilities& self) {
                 return py::dict("probability"_a = self.probability, "lower"_a = self.lower,
                                 "upper"_a = self.upper, "cuts_within"_a = self.cuts_within,
                                 "near_cut"_a = self.near_cut());
             })
        .def(py::pickle(
            [](const grade_probabilities& self) {
                return py::make_tuple(self.probability, self.lower, self.upper, self.cuts_within);
            },
            [](const py::tuple& s) {
                return grade_probabilities{s[0].cast<std::vector<double>>(), s[1].cast<double>(),
                                           s[2].cast<double>(), s[3].cast<std::vector<double>>()};
            }))
        .def("__repr__", [](const grade_probabilities& self) {
            return py::str("GradeProbabilities({}, lower={:.4f}, upper={:.4f}, near_cut={})")
                .format(py::tuple(py::cast(self.probability)), self.lower, self.upper, self.near_cut());
        });
    module.def(
        "grade_probability",
        [](const std::vector<double>& levels, const std::vector<double>& fractions,
           const std::vector<double>& cuts,
           double central) { return severity::grade_probability(levels, fractions, cuts, central); },
        "levels"_a, "fractions"_a, py::kw_only(), "cuts"_a, "central"_a = 0.90,
        R"(The probability of every class between cuts, from the quantiles of an uncertain fraction.

levels: ascending between 0 and 1; fractions: the quantile of each, 0..1, not descending. Between quantiles the
cumulative probability is a straight line, equal neighbours are a jump; beyond the outermost the line goes on with the
slope of the outermost interval, but not past 0 and 1, where the rest lies. cuts: ascending; a fraction equal to a cut
belongs to the upper class (Thresholds.cuts, ct_grade_cuts()). central: share of the probability in the interval that
flags a cut. Raises ValueError for anything else.)");
    module.def(
        "ct_grade_cuts",
        [](double absent_below) { return py::tuple(py::cast(severity::ct_grade_cuts(absent_below))); },
        py::kw_only(), "absent_below"_a = severity::scores_options{}.absent_below,
        "The cuts between CT-0 and CT-4 by extent, for grade_probability and Thresholds.");
}

} // namespace

void bind_severity(py::module_& module) {
    py::class_<severity::thresholds> cuts(
        module, "Thresholds",
        R"(Fraction of opacity (0..1) → ordered class by half-open intervals.

cuts: ascending fractions; a fraction equal to a cut belongs to the upper class. classes: one name more, from least to
most severe. Raises ValueError for unordered cuts or a number of names that does not fit.)");
    cuts.def(py::init([](std::vector<double> values, std::vector<std::string> classes) {
                 return severity::thresholds({std::move(values), std::move(classes)});
             }),
             py::kw_only(), "cuts"_a, "classes"_a)
        .def_static("published", &severity::thresholds::published,
                    "The cuts 0.018 and 0.062 between A, B and C of the public project Timothy102/covid-ct.")
        .def_property_readonly(
            "cuts", [](const severity::thresholds& self) { return py::tuple(py::cast(self.options().cuts)); })
        .def_property_readonly(
            "classes",
            [](const severity::thresholds& self) { return py::tuple(py::cast(self.options().classes)); })
        .def("index", &severity::thresholds::index, "fraction"_a, "Place of the class, 0 the least severe.")
        .def("__call__", &severity::thresholds::operator(), "fraction"_a);
    as_stage(by_keywords(cuts, [](const severity::thresholds& self) {
        return py::dict("cuts"_a = py::tuple(py::cast(self.options().cuts)),
                        "classes"_a = py::tuple(py::cast(self.options().classes)));
    }));

    py::class_<score_table> table(
        module, "ScoreTable",
        "Named severity scores of one study; None where a region that a score needs has no lung.");
    table.def_readonly("opacity_fraction", &score_table::opacity_fraction)
        .def_property_readonly(
            "ct_grade_extent",
            [](const score_table& self) { return severity::name_of(self.ct_grade_extent); },
            "MosMedData's CT-0..CT-4 by extent alone.")
        .def_property_readonly("ct_grade_rule", &rule_grade,
                               "CT-0..CT-4 by pattern and extent, as 42-EPOCHS grades, its hole completed.")
        .def_readonly("ct_ss", &score_table::ct_ss, "CT severity score of both lungs, 1..5, LungQuant.")
        .def_property_readonly(
            "lobes", [](const score_table& self) { return severity::name_of(self.lobes); },
            "What the scores of lobes take for lobes: 'lobe_map', 'estimated' ones, or 'thirds' of the "
            "height.");
    for (const auto& score : regional_scores) table.def_readonly(score.name, score.member, score.doc);
    table.def("to_dict", &score_dict)
        .def(py::pickle(&score_state, &score_from))
        .def("__repr__", [](const score_table& self) {
            return py::str("ScoreTable(opacity_fraction={:.4f}, ct_grade_extent={!r}, ct_grade_rule={!r})")
                .format(self.opacity_fraction, severity::name_of(self.ct_grade_extent), rule_grade(self));
        });

    py::class_<severity::scores> stage(module, "Scores", R"(InvolvementTable → ScoreTable.

absent_below: opacity fractions below this count as no disease, of both lungs as of a region. The scores of lobes take
the table's lobes where it has them, else thirds of the height. Raises ValueError for a table without lung.)");
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
    const severity::pattern_rule_options standard;
    module.def(
        "ct_grade_by_pattern",
        [](double ground_glass, double consolidation, double absent_below,
           bool compatible) -> std::optional<std::string_view> {
            const auto grade =
                severity::ct_grade_by_pattern(ground_glass, consolidation, {absent_below, compatible});
            return grade ? std::optional(severity::name_of(*grade)) : std::nullopt;
        },
        "ground_glass"_a, "consolidation"_a, py::kw_only(), "absent_below"_a = standard.absent_below,
        "compatible"_a = standard.compatible,
        R"(CT-0..CT-4 by pattern and extent, the rule of the public project 42-EPOCHS: any consolidation is CT-3, 75 % of both
together CT-4, without consolidation CT-1 below 25 % and CT-2 below 50 %.

Both are fractions of the lungs. The published rule has no answer for 50 to 75 % of ground glass alone; that is CT-3
here. absent_below: less of a class than this is none of it. compatible: whole percents, each rounded half to even, and
None in the hole. Raises ValueError for NaN, percentages, or fractions that add up to more than 1.)");
    module.def(
        "extent_score",
        [](const std::vector<double>& fractions, const std::string& convention, double absent_below) {
            return severity::extent_score(convention_of(convention), fractions, absent_below);
        },
        "fractions"_a, py::kw_only(), "convention"_a, "absent_below"_a = 0.0,
        R"(The named score of the extent of disease in each region, a fraction (0..1) of the region.

convention: 'ctss_pan2020', 'ctss_francone', 'lss', 'lhos' or 'tss' for five lobes (left upper, left lower, right upper,
right middle, right lower), 'tfs' for six zones, 'ct_ss' for both lungs together, 'ct_ss_segments' for twenty segments;
extent_conventions() has their sources. absent_below: a smaller fraction is no disease. Raises ValueError for another
number of regions, NaN, and percentages.)");
    module.def(
        "extent_conventions",
        [] {
            py::list result;
            for (const auto convention : conventions) {
                const auto definition = severity::definition_of(convention);
                result.append(py::dict("convention"_a = definition.name, "regions"_a = definition.regions,
                                       "region_count"_a = definition.region_count,
                                       "highest"_a = definition.highest(), "source"_a = definition.source));
            }
            return result;
        },
        "The scores that extent_score knows, with what each scores, its highest value and its source.");
    bind_grade_probability(module);
}

} // namespace groundglass::bindings
