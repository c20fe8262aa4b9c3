#include "statistics.hpp"
#include <groundglass/quantification/involvement_change.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace groundglass::bindings {

namespace {

using bounded_curve = std::pair<const char*, quantile_curve region_uncertainty::*>;
constexpr std::array<bounded_curve, 5> bounded_curves{
    {{"ground_glass_ml", &region_uncertainty::ground_glass_ml},
     {"consolidation_ml", &region_uncertainty::consolidation_ml},
     {"opacity_ml", &region_uncertainty::opacity_ml},
     {"opacity_percent", &region_uncertainty::opacity_percent},
     {"high_opacity_percent", &region_uncertainty::high_opacity_percent}}};

/// A number of a row; None and what is not there are "no answer".
double number_in(const py::dict& row, const std::string& key) {
    if (!row.contains(key.c_str())) return std::numeric_limits<double>::quiet_NaN();
    const py::object value = row[key.c_str()];
    return value.is_none() ? std::numeric_limits<double>::quiet_NaN() : value.cast<double>();
}

region_involvement involvement_of(const py::dict& row, lung_region region) {
    region_involvement result{.region = region};
    result.lung_ml = number_in(row, "lung_ml");
    result.ground_glass_ml = number_in(row, "ground_glass_ml");
    result.consolidation_ml = number_in(row, "consolidation_ml");
    result.opacity_ml = number_in(row, "opacity_ml");
    result.opacity_percent = number_in(row, "opacity_percent");
    result.high_opacity_percent = number_in(row, "high_opacity_percent");
    result.lung_hu.mean = number_in(row, "lung_hu_mean");
    result.opacity_hu.mean = number_in(row, "opacity_hu_mean");
    return result;
}

region_uncertainty uncertainty_of(const py::dict& row, lung_region region) {
    region_uncertainty result{.region = region};
    for (const auto& [name, curve] : bounded_curves) {
        (result.*curve).lower = number_in(row, std::string(name) + "_lower");
        (result.*curve).upper = number_in(row, std::string(name) + "_upper");
    }
    return result;
}

/// One time's table and uncertainty, from rows as `Result.region_rows` gives them; segments are left out.
std::pair<involvement_table, uncertainty_table> tables_of(const py::list& rows, double coverage) {
    std::pair<involvement_table, uncertainty_table> result;
    auto& [table, doubt] = result;
    for (std::size_t r = 0; r < lung_region_count; ++r)
        table.rows[r].region = doubt.rows[r].region = static_cast<lung_region>(r);
    bool both = false;
    for (const auto& handle : rows) {
        const auto row = handle.cast<py::dict>();
        const auto name = row["region"].cast<std::string>();
        for (std::size_t r = 0; r < lung_region_count + volume::lobe_count; ++r) {
            const auto region = static_cast<lung_region>(r);
            if (name_of(region) != name) continue;
            both = both || r == 0;
            if (r < lung_region_count) {
                table.rows[r] = involvement_of(row, region);
                doubt.rows[r] = uncertainty_of(row, region);
            } else {
                table.lobes.push_back(involvement_of(row, region));
                doubt.lobes.push_back(uncertainty_of(row, region));
            }
        }
    }
    if (!both) throw std::invalid_argument("InvolvementChange: the rows must hold both lungs");
    doubt.coverage = coverage;
    return result;
}

py::dict change_dict(const measure_change& change) {
    return py::dict("difference"_a = change.difference, "relative_percent"_a = change.relative_percent,
                    "lower"_a = change.lower, "upper"_a = change.upper, "less"_a = change.less,
                    "same"_a = change.same, "more"_a = change.more);
}

py::dict row_dict(const region_change& row) {
    py::dict result("region"_a = name_of(row.region));
    for (std::size_t m = 0; m < changed_measures.size(); ++m) {
        py::dict entry("first"_a = row.first[m].value, "second"_a = row.second[m].value);
        entry.attr("update")(change_dict(row.changes[m]));
        result[py::str(std::string(changed_measures[m]))] = entry;
    }
    return result;
}

py::list changes(const involvement_change& self, const py::list& first, const py::list& second) {
    const double coverage = self.options().change.coverage;
    auto [first_table, first_doubt] = tables_of(first, coverage);
    auto [second_table, second_doubt] = tables_of(second, coverage);
    change_table table;
    {
        const py::gil_scoped_release release;
        table = self({first_table, second_table, first_doubt, second_doubt});
    }
    py::list result;
    for (const auto& row : table.rows) result.append(row_dict(row));
    return result;
}

/// The rows of an array ``(n, 3)`` of values with their bounds.
std::vector<bounded_measure> bounded_values(const py::object& values, const char* name) {
    const auto array = values.cast<doubles>();
    if (array.ndim() != 2 || array.shape(1) != 3)
        throw std::invalid_argument(std::string("change_between: ") + name +
                                    " must be rows of value, lower and upper bound");
    std::vector<bounded_measure> result;
    for (py::ssize_t i = 0; i < array.shape(0); ++i)
        result.push_back({array.at(i, 0), array.at(i, 1), array.at(i, 2)});
    return result;
}

py::dict change_arrays(const py::object& first, const py::object& second, double repeatability,
                       double coverage, double shared) {
    const auto before = bounded_values(first, "first"), after = bounded_values(second, "second");
    if (before.size() != after.size())
        throw std::invalid_argument("change_between: first and second differ in length, " +
                                    std::to_string(before.size()) + " and " + std::to_string(after.size()));
    std::vector<measure_change> found;
    {
        const py::gil_scoped_release release;
        for (std::size_t i = 0; i < before.size(); ++i)
            found.push_back(change_between(before[i], after[i], repeatability, {coverage, shared}));
    }
    py::dict result;
    const auto fill = [&](const char* name, double measure_change::*part) {
        result[name] = column<double>(found, [&](const measure_change& change) { return change.*part; });
    };
    fill("difference", &measure_change::difference);
    fill("relative_percent", &measure_change::relative_percent);
    fill("lower", &measure_change::lower);
    fill("upper", &measure_change::upper);
    fill("less", &measure_change::less);
    fill("same", &measure_change::same);
    fill("more", &measure_change::more);
    return result;
}

} // namespace

void bind_change(py::module_& module) {
    const involvement_change_options standard;
    py::class_<involvement_change> stage(
        module, "InvolvementChange",
        R"(Two tables of regions of one patient → how every measure has changed, with its interval.

Called with the rows of a first and a second time, as Result.region_rows or the regions of result.json hold them, it
gives a dict for each region: region, and for each measure, also for those of the second time at the breath of the first
(opacity_ml_at_breath, opacity_percent_at_breath), a dict of first, second, difference, relative_percent, lower, upper,
less, same, more. NaN is "no answer": bounds and probabilities where intervals are not known.

coverage: of the intervals given and made. shared: correlation of the errors of both measurements, 0 to below 1.
volume_ml, percent_points, relative: what counts as no change, the larger of an absolute part and a share of both
values' mean. Raises ValueError for options out of range and for intervals that don't hold their value.)");
    stage
        .def(py::init([](double coverage, double shared, double volume_ml, double percent_points,
                         double relative) {
                 return involvement_change(
                     {.change = {coverage, shared}, .repeatability = {volume_ml, percent_points, relative}});
             }),
             py::kw_only(), "coverage"_a = standard.change.coverage, "shared"_a = standard.change.shared,
             "volume_ml"_a = standard.repeatability.volume_ml,
             "percent_points"_a = standard.repeatability.percent_points,
             "relative"_a = standard.repeatability.relative)
        .def_property_readonly("coverage",
                               [](const involvement_change& self) { return self.options().change.coverage; })
        .def_property_readonly("shared",
                               [](const involvement_change& self) { return self.options().change.shared; })
        .def_property_readonly(
            "volume_ml",
            [](const involvement_change& self) { return self.options().repeatability.volume_ml; })
        .def_property_readonly(
            "percent_points",
            [](const involvement_change& self) { return self.options().repeatability.percent_points; })
        .def_property_readonly(
            "relative", [](const involvement_change& self) { return self.options().repeatability.relative; })
        .def("__call__", &changes, "first"_a, "second"_a);
    by_keywords(stage, [](const involvement_change& self) {
        const auto& o = self.options();
        return py::dict("coverage"_a = o.change.coverage, "shared"_a = o.change.shared,
                        "volume_ml"_a = o.repeatability.volume_ml,
                        "percent_points"_a = o.repeatability.percent_points,
                        "relative"_a = o.repeatability.relative);
    });

    module.def("change_between", &change_arrays, "first"_a, "second"_a, py::kw_only(),
               "repeatability"_a = 0.0, "coverage"_a = standard.change.coverage,
               "shared"_a = standard.change.shared,
               R"(The change of single measures from a first to a second time.

first, second: arrays (n, 3) of value, lower and upper bound, NaN for bounds that are not known. Gives a dict of arrays
(n,): difference, relative_percent, lower, upper, and the probabilities less, same and more, by more than repeatability.
Raises ValueError for other shapes, values that are not finite or lie outside their bounds, and options out of range.)");
}

} // namespace groundglass::bindings
