#include "statistics.hpp"
#include <groundglass/statistics/interval_table.hpp>

namespace groundglass::bindings {

namespace {

interval_table_options interval_options(const py::object& edges, const std::string& method, double level,
                                        std::optional<double> prevalence,
                                        const std::optional<savitzky_golay>& smoothing, bool isotonic,
                                        bool clamp, bool compatible) {
    if (compatible) {
        if (!edges.is_none() || prevalence || smoothing || isotonic)
            throw std::invalid_argument(
                "interval_table: compatible takes no edges, prevalence, smoothing or isotonic");
        auto options = interval_table_options::compatible();
        options.bounds = {methods.of(method), level};
        return options;
    }
    interval_table_options options;
    if (!edges.is_none()) {
        const auto values = numbers(edges, "interval_table: edges", 1);
        options.edges.assign(elements(values).begin(), elements(values).end());
    }
    options.bounds = {methods.of(method), level};
    options.prevalence = prevalence;
    if (smoothing) options.smoothing = smoothing->options();
    options.isotonic = isotonic;
    options.clamp = clamp;
    return options;
}

py::dict interval_keywords(const interval_table& self) {
    const auto& o = self.options();
    const bool compatible = o.recipe == interval_recipe::published;
    py::dict result("method"_a = methods.name(o.bounds.method), "level"_a = o.bounds.level);
    if (compatible) {
        result["compatible"] = true;
        return result;
    }
    result["edges"] = o.edges;
    result["prevalence"] = o.prevalence;
    result["smoothing"] = o.smoothing ? std::optional(savitzky_golay(*o.smoothing)) : std::nullopt;
    result["isotonic"] = o.isotonic;
    result["clamp"] = o.clamp;
    return result;
}

interval_table_options options_from(const py::dict& keywords) {
    const auto method = keywords["method"].cast<std::string>();
    const auto level = keywords["level"].cast<double>();
    if (keywords.contains("compatible"))
        return interval_options(py::none(), method, level, std::nullopt, std::nullopt, false, false, true);
    return interval_options(keywords["edges"], method, level,
                            keywords["prevalence"].cast<std::optional<double>>(),
                            keywords["smoothing"].cast<std::optional<savitzky_golay>>(),
                            keywords["isotonic"].cast<bool>(), keywords["clamp"].cast<bool>(), false);
}

std::vector<std::size_t> counts_from(const std::vector<py::ssize_t>& numbers) {
    std::vector<std::size_t> counts;
    counts.reserve(numbers.size());
    for (py::ssize_t number : numbers) counts.push_back(whole(number, "interval_table: counts"));
    return counts;
}

py::dict interval_dict(const interval_row& row) {
    return py::dict("start"_a = row.start, "stop"_a = row.stop, "positive"_a = row.positive,
                    "negative"_a = row.negative, "positive_frequency"_a = row.positive_frequency,
                    "negative_frequency"_a = row.negative_frequency, "prior_free"_a = row.prior_free,
                    "probability"_a = row.probability, "lower"_a = row.lower, "upper"_a = row.upper);
}

} // namespace

void bind_intervals(py::module_& module) {
    py::class_<interval_row>(module, "IntervalRow",
                             "One interval [start, stop): counts, frequencies, probability and its bounds.")
        .def_readonly("start", &interval_row::start)
        .def_readonly("stop", &interval_row::stop)
        .def_readonly("positive", &interval_row::positive)
        .def_readonly("negative", &interval_row::negative)
        .def_readonly("positive_frequency", &interval_row::positive_frequency)
        .def_readonly("negative_frequency", &interval_row::negative_frequency)
        .def_readonly("prior_free", &interval_row::prior_free)
        .def_readonly("probability", &interval_row::probability)
        .def_readonly("lower", &interval_row::lower)
        .def_readonly("upper", &interval_row::upper)
        .def("to_dict", &interval_dict)
        .def("__repr__", [](const interval_row& self) {
            return py::str("IntervalRow({:g}..{:g}, probability={:.4f}, lower={:.4f}, upper={:.4f})")
                .format(self.start, self.stop, self.probability, self.lower, self.upper);
        });

    py::class_<interval_table> table(
        module, "IntervalTable",
        R"(Fraction (0..1) → the row of its interval: probability of being positive, with bounds.

Made by groundglass.interval_table, or from_counts. prior_free is the probability where both classes are equally common,
probability the one at the prevalence asked for, smoothed if asked for; NaN, with bounds 0 and 1, where an interval is
empty. A call raises ValueError for NaN and, unless clamp is set, for a fraction beyond the outer edges.)");
    const auto numbers = [&table](const char* name, auto member, const char* text) {
        using type = std::decay_t<decltype(std::declval<interval_row>().*member)>;
        table.def_property_readonly(
            name,
            [member](const interval_table& self) {
                return column<type>(self.rows(), [member](const interval_row& row) { return row.*member; });
            },
            text);
    };
    numbers("positive", &interval_row::positive, "Positive patients in each interval.");
    numbers("negative", &interval_row::negative, "Negative patients in each interval.");
    numbers("positive_frequency", &interval_row::positive_frequency, "Share of all positive patients.");
    numbers("negative_frequency", &interval_row::negative_frequency, "Share of all negative patients.");
    numbers("prior_free", &interval_row::prior_free, "Probability where both classes are equally common.");
    numbers("probability", &interval_row::probability, "Probability of being positive.");
    numbers("lower", &interval_row::lower, "Lower bound of the probability.");
    numbers("upper", &interval_row::upper, "Upper bound of the probability.");
    table
        .def_static(
            "from_counts",
            [](const std::vector<py::ssize_t>& positive, const std::vector<py::ssize_t>& negative,
               py::ssize_t positive_outside, py::ssize_t negative_outside, const py::object& edges,
               const std::string& method, double level, std::optional<double> prevalence,
               const std::optional<savitzky_golay>& smoothing, bool isotonic, bool clamp, bool compatible) {
                return interval_table::from_counts({counts_from(positive), counts_from(negative),
                                                    counts_from({positive_outside}).front(),
                                                    counts_from({negative_outside}).front()},
                                                   interval_options(edges, method, level, prevalence,
                                                                    smoothing, isotonic, clamp, compatible));
            },
            "positive"_a, "negative"_a, py::kw_only(), "positive_outside"_a = 0, "negative_outside"_a = 0,
            "edges"_a = py::none(), "method"_a = "wilson", "level"_a = 0.95, "prevalence"_a = py::none(),
            "smoothing"_a = py::none(), "isotonic"_a = false, "clamp"_a = false, "compatible"_a = false,
            "The table of counts taken elsewhere; the options are those of groundglass.interval_table.")
        .def_property_readonly("edges",
                               [](const interval_table& self) {
                                   return column<double>(self.options().edges,
                                                         [](double edge) { return edge; });
                               })
        .def_property_readonly("rows",
                               [](const interval_table& self) { return py::list(py::cast(self.rows())); })
        .def_property_readonly("notes", &interval_table::remarks)
        .def_property_readonly("options", &interval_keywords, "The keywords that made the table.")
        .def("__len__", [](const interval_table& self) { return self.rows().size(); })
        .def("__call__", &interval_table::operator(), "fraction"_a)
        .def(
            "to_rows",
            [](const interval_table& self) {
                py::list rows;
                for (const auto& row : self.rows()) rows.append(interval_dict(row));
                return rows;
            },
            "The rows as dicts.")
        .def(py::pickle(
            [](const interval_table& self) {
                const auto& counts = self.counts();
                return py::make_tuple(counts.positive, counts.negative, counts.positive_outside,
                                      counts.negative_outside, interval_keywords(self));
            },
            [](const py::tuple& s) {
                return interval_table::from_counts({s[0].cast<std::vector<std::size_t>>(),
                                                    s[1].cast<std::vector<std::size_t>>(),
                                                    s[2].cast<std::size_t>(), s[3].cast<std::size_t>()},
                                                   options_from(s[4].cast<py::dict>()));
            }))
        .def("__eq__",
             [](const interval_table& self, const py::object& other) {
                 return py::isinstance<interval_table>(other) && self == other.cast<const interval_table&>();
             })
        .def("__repr__", [](const interval_table& self) {
            const auto& counts = self.counts();
            const auto sum = [](const std::vector<std::size_t>& c) {
                return std::accumulate(c.begin(), c.end(), std::size_t{0});
            };
            return py::str("IntervalTable({} intervals from {:g} to {:g}, {} positive, {} negative)")
                .format(self.rows().size(), self.options().edges.front(), self.options().edges.back(),
                        sum(counts.positive), sum(counts.negative));
        });
    table.attr("__hash__") = py::none();
    as_table(as_stage(table));

    module.def(
        "fit_intervals",
        [](const doubles& fractions, const labels_array& labels, const py::object& edges,
           const std::string& method, double level, std::optional<double> prevalence,
           const std::optional<savitzky_golay>& smoothing, bool isotonic, bool clamp, bool compatible) {
            return interval_table(
                elements(fractions), elements(labels),
                interval_options(edges, method, level, prevalence, smoothing, isotonic, clamp, compatible));
        },
        "fractions"_a, "labels"_a, py::kw_only(), "edges"_a, "method"_a, "level"_a, "prevalence"_a,
        "smoothing"_a, "isotonic"_a, "clamp"_a, "compatible"_a,
        "The table of fractions and labels 0 and 1; see groundglass.interval_table.");
    module.def(
        "binomial_bounds",
        [](const doubles& successes, const doubles& trials, const std::string& method, double level) {
            const binomial_bounds_options options{methods.of(method), level};
            py::array_t<double> lower(successes.size()), upper(successes.size());
            const auto size = static_cast<std::size_t>(successes.size());
            binomial_bounds(elements(successes), elements(trials), {lower.mutable_data(), size},
                            {upper.mutable_data(), size}, options);
            return py::make_tuple(lower, upper);
        },
        "successes"_a, "trials"_a, py::kw_only(), "method"_a, "level"_a,
        "Lower and upper bounds of pairs of counts; see groundglass.binomial_bounds.");
    module.def(
        "isotonic_regression",
        [](const doubles& values, const std::optional<doubles>& weights) {
            const auto given = weights ? elements(*weights) : std::span<const double>();
            py::array_t<double> fitted(values.size());
            double* next = fitted.mutable_data();
            for (const auto& block : isotonic_blocks(elements(values), given))
                next = std::fill_n(next, block.count, block.value);
            return fitted;
        },
        "values"_a, py::kw_only(), "weights"_a = py::none(),
        "The non-descending series nearest to values; see groundglass.isotonic_regression.");
}

} // namespace groundglass::bindings
