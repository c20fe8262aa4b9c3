#include "statistics.hpp"
#include <groundglass/statistics/savitzky_golay.hpp>

namespace groundglass::bindings {

namespace {

const named<edge_mode> modes{"SavitzkyGolay: mode",
                             {{"interp", edge_mode::interp},
                              {"mirror", edge_mode::mirror},
                              {"nearest", edge_mode::nearest},
                              {"constant", edge_mode::constant},
                              {"wrap", edge_mode::wrap}}};
const named<missing_rule> missing_rules{
    "SavitzkyGolay: missing",
    {{"keep", missing_rule::keep}, {"fill", missing_rule::fill}, {"propagate", missing_rule::propagate}}};
/// Filters the last axis, line by line.
template <class T>
py::array filter_lines(const savitzky_golay& stage, const py::array& series) {
    const auto lines = py::array_t<T, py::array::c_style | py::array::forcecast>::ensure(series);
    if (!lines) throw py::error_already_set();
    py::array_t<T> result(std::vector<py::ssize_t>(lines.shape(), lines.shape() + lines.ndim()));
    const auto length = static_cast<std::size_t>(lines.shape(lines.ndim() - 1));
    const std::span<const T> from(lines.data(), static_cast<std::size_t>(lines.size()));
    const std::span<T> to(result.mutable_data(), from.size());
    const py::gil_scoped_release release;
    if (length == 0) stage.filter(from, to); // says that the window is longer
    for (std::size_t start = 0; start < from.size(); start += length)
        stage.filter(from.subspan(start, length), to.subspan(start, length));
    return result;
}

py::object filter(const savitzky_golay& stage, const py::object& values, const py::object& x, int axis) {
    const auto given = py::array::ensure(values);
    if (!given) PyErr_Clear(); // numbers() says what is wrong
    const bool single = given && given.dtype().equal(py::dtype::of<float>()) &&
                        !py::isinstance(values, py::module_::import("numpy.ma").attr("MaskedArray"));
    const py::array series = single ? given : numbers(values, "SavitzkyGolay: series", std::nullopt);
    const auto rank = static_cast<int>(series.ndim());
    if (rank == 0 || axis < -rank || axis >= rank)
        throw std::invalid_argument("SavitzkyGolay: axis " + std::to_string(axis) + " is not one of " +
                                    std::to_string(rank) + " dimensions");
    if (!x.is_none()) {
        if (rank != 1)
            throw std::invalid_argument("SavitzkyGolay: with x of its own the series has one dimension");
        const auto series_values = doubles::ensure(series), places = numbers(x, "SavitzkyGolay: x", 1);
        if (!series_values) throw py::error_already_set();
        const auto result = stage(elements(series_values), elements(places));
        const auto array = column<double>(result, [](double v) { return v; });
        return single ? array.attr("astype")("float32") : py::object(array);
    }
    const bool last = axis == rank - 1 || axis == -1;
    const py::module_ numpy = py::module_::import("numpy");
    const py::array lines = last ? series : py::array(numpy.attr("moveaxis")(series, axis, -1));
    const py::array result = single ? filter_lines<float>(stage, lines) : filter_lines<double>(stage, lines);
    return last ? py::object(result)
                : numpy.attr("ascontiguousarray")(numpy.attr("moveaxis")(result, -1, axis));
}

} // namespace

void bind_savitzky_golay(py::module_& module) {
    py::class_<savitzky_golay> stage(
        module, "SavitzkyGolay",
        R"(Series → smoothed series or derivative: a polynomial fitted to each window.

window: points, odd. degree: of the polynomial, below window. deriv: 0 smooths, n gives the n-th derivative; delta: distance
of the points. mode: what stands beyond the ends, as in SciPy: 'interp' (the end windows' polynomials), 'mirror',
'nearest', 'constant' (cval), 'wrap'. missing: a NaN stays ('keep', windows being fitted to the values they have), is
replaced by the fit ('fill'), or makes every value NaN whose window holds it ('propagate', as in SciPy).

Weights are exact to 1e-15 for any degree. Called with an array of any rank, filters along axis; float32 stays float32,
all else becomes float64. x: ascending places of a one-dimensional series of uneven spacing (mode 'interp'). Raises
ValueError for an even window, a window longer than the series, an infinite value and options out of range. O(window) a
value; O(window · degree²) a value beside a NaN or with x.)");
    stage
        .def(py::init([](py::ssize_t window, py::ssize_t degree, py::ssize_t deriv, double delta,
                         const std::string& mode, double cval, const std::string& missing) {
                 return savitzky_golay({.window = whole(window, "SavitzkyGolay: window"),
                                        .degree = whole(degree, "SavitzkyGolay: degree"),
                                        .deriv = whole(deriv, "SavitzkyGolay: deriv"),
                                        .delta = delta,
                                        .mode = modes.of(mode),
                                        .cval = cval,
                                        .missing = missing_rules.of(missing)});
             }),
             py::kw_only(), "window"_a = 7, "degree"_a = 2, "deriv"_a = 0, "delta"_a = 1.0,
             "mode"_a = "interp", "cval"_a = 0.0, "missing"_a = "keep")
        .def_property_readonly("window", [](const savitzky_golay& self) { return self.options().window; })
        .def_property_readonly("degree", [](const savitzky_golay& self) { return self.options().degree; })
        .def_property_readonly("deriv", [](const savitzky_golay& self) { return self.options().deriv; })
        .def_property_readonly("delta", [](const savitzky_golay& self) { return self.options().delta; })
        .def_property_readonly("mode",
                               [](const savitzky_golay& self) { return modes.name(self.options().mode); })
        .def_property_readonly("cval", [](const savitzky_golay& self) { return self.options().cval; })
        .def_property_readonly(
            "missing", [](const savitzky_golay& self) { return missing_rules.name(self.options().missing); })
        .def_property_readonly(
            "weights",
            [](const savitzky_golay& self) {
                return column<double>(self.weights(self.options().window / 2), [](double w) { return w; });
            },
            "Weights of the window's values, in their order, for the value in its middle.")
        .def("__call__", &filter, "series"_a, py::kw_only(), "x"_a = py::none(), "axis"_a = -1);
    as_stage(by_keywords(stage, [](const savitzky_golay& self) {
        const auto& o = self.options();
        return py::dict("window"_a = o.window, "degree"_a = o.degree, "deriv"_a = o.deriv,
                        "delta"_a = o.delta, "mode"_a = modes.name(o.mode), "cval"_a = o.cval,
                        "missing"_a = missing_rules.name(o.missing));
    }));
}

} // namespace groundglass::bindings
