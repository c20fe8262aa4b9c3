#include "statistics.hpp"
#include <groundglass/statistics/auc.hpp>
#include <groundglass/statistics/bland_altman.hpp>
#include <groundglass/statistics/calibration.hpp>
#include <groundglass/statistics/intraclass_correlation.hpp>
#include <groundglass/statistics/kappa.hpp>
#include <groundglass/statistics/pair_counts.hpp>
#include <groundglass/statistics/precision_recall.hpp>

namespace groundglass::bindings {

using namespace py::literals;

namespace {

using classes_array = py::array_t<std::size_t, py::array::c_style | py::array::forcecast>;

const named<calibration_bins> edges{
    "calibration_curve: edges",
    {{"equal_width", calibration_bins::equal_width}, {"equal_count", calibration_bins::equal_count}}};
const named<kappa_weights> weightings{"kappa: weights",
                                      {{"none", kappa_weights::none},
                                       {"linear", kappa_weights::linear},
                                       {"quadratic", kappa_weights::quadratic}}};

py::tuple triple(const estimate& found) {
    return py::make_tuple(found.value, found.interval.lower, found.interval.upper);
}

using counts_array = py::array_t<std::uint64_t, py::array::c_style | py::array::forcecast>;
using whole_numbers = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

confusion_matrix matrix_of(const counts_array& counts) {
    if (counts.ndim() != 2 || counts.shape(0) != counts.shape(1))
        throw std::invalid_argument("confusion_matrix: a square of counts is needed");
    const auto classes = static_cast<std::size_t>(counts.shape(0));
    return {classes, std::vector<std::uint64_t>(counts.data(), counts.data() + counts.size())};
}

counts_array square(const std::vector<std::uint64_t>& counts, std::size_t rows, std::size_t columns) {
    return counts_array(std::vector<std::size_t>{rows, columns}, counts.data());
}

void bind_ranking(py::module_& module) {
    module.def(
        "roc_curve",
        [](const doubles& scores, const labels_array& labels) {
            const auto points = roc_curve(elements(scores), elements(labels));
            return py::dict("threshold"_a = column<double>(points, std::mem_fn(&roc_point::threshold)),
                            "false_positive_rate"_a =
                                column<double>(points, std::mem_fn(&roc_point::false_positive_rate)),
                            "true_positive_rate"_a =
                                column<double>(points, std::mem_fn(&roc_point::true_positive_rate)),
                            "auc"_a = auc(elements(scores), elements(labels)));
        },
        "scores"_a, "labels"_a,
        "Columns of the ROC curve and its area; see groundglass.evaluation.roc_curve.");
    module.def(
        "auc_delong",
        [](const doubles& scores, const labels_array& labels, double level) {
            return triple(auc_delong(elements(scores), elements(labels), level));
        },
        "scores"_a, "labels"_a, "level"_a, "Area and DeLong's bounds; see groundglass.evaluation.auc.");
    module.def(
        "auc_bootstrap",
        [](const doubles& scores, const labels_array& labels, double level, std::size_t resamples,
           std::uint64_t seed) {
            const py::gil_scoped_release release;
            const auto found = auc_bootstrap(elements(scores), elements(labels), {resamples, level, seed});
            const py::gil_scoped_acquire acquire;
            return triple(found);
        },
        "scores"_a, "labels"_a, "level"_a, "resamples"_a, "seed"_a,
        "Area and bounds by resampling; see groundglass.evaluation.auc.");
    module.def(
        "compare_auc",
        [](const doubles& first, const doubles& second, const labels_array& labels, double level) {
            const auto found = compare_auc(elements(first), elements(second), elements(labels), level);
            return py::dict("first"_a = found.first, "second"_a = found.second,
                            "difference"_a = found.difference, "lower"_a = found.interval.lower,
                            "upper"_a = found.interval.upper, "z"_a = found.z, "p_value"_a = found.p_value);
        },
        "first"_a, "second"_a, "labels"_a, "level"_a,
        "DeLong's paired test; see groundglass.evaluation.compare_auc.");
    module.def(
        "precision_recall_curve",
        [](const doubles& scores, const labels_array& labels) {
            const auto found = precision_recall_curve(elements(scores), elements(labels));
            return py::dict(
                "threshold"_a = column<double>(found.points, std::mem_fn(&precision_recall_point::threshold)),
                "precision"_a = column<double>(found.points, std::mem_fn(&precision_recall_point::precision)),
                "recall"_a = column<double>(found.points, std::mem_fn(&precision_recall_point::recall)),
                "average_precision"_a = found.average_precision);
        },
        "scores"_a, "labels"_a,
        "Columns of the precision-recall curve; see groundglass.evaluation.precision_recall_curve.");
}

void bind_calibration(py::module_& module) {
    module.def(
        "calibration_curve",
        [](const doubles& probabilities, const labels_array& labels, std::size_t bins,
           const std::string& edge_rule, const std::string& method, double level) {
            const auto found = calibration_curve(elements(probabilities), elements(labels),
                                                 {bins, edges.of(edge_rule), {methods.of(method), level}});
            return py::dict(
                "lower_edge"_a = column<double>(found.bins, std::mem_fn(&calibration_bin::lower_edge)),
                "upper_edge"_a = column<double>(found.bins, std::mem_fn(&calibration_bin::upper_edge)),
                "cases"_a = column<std::size_t>(found.bins, std::mem_fn(&calibration_bin::cases)),
                "positives"_a = column<std::size_t>(found.bins, std::mem_fn(&calibration_bin::positives)),
                "predicted"_a = column<double>(found.bins, std::mem_fn(&calibration_bin::predicted)),
                "observed"_a = column<double>(found.bins, [](const auto& bin) { return bin.observed.value; }),
                "lower"_a =
                    column<double>(found.bins, [](const auto& bin) { return bin.observed.interval.lower; }),
                "upper"_a =
                    column<double>(found.bins, [](const auto& bin) { return bin.observed.interval.upper; }),
                "expected_error"_a = found.expected_error, "brier"_a = found.brier);
        },
        "probabilities"_a, "labels"_a, "bins"_a, "edges"_a, "method"_a, "level"_a,
        "Columns of the calibration curve; see groundglass.evaluation.calibration_curve.");
    module.def(
        "brier_score",
        [](const doubles& probabilities, const labels_array& labels) {
            return brier_score(elements(probabilities), elements(labels));
        },
        "probabilities"_a, "labels"_a, "See groundglass.evaluation.brier_score.");
}

void bind_agreement(py::module_& module) {
    module.def(
        "bland_altman",
        [](const doubles& first, const doubles& second, double level) {
            const auto found = bland_altman_agreement(elements(first), elements(second), level);
            return py::dict("count"_a = found.count, "bias"_a = triple(found.bias), "sd"_a = found.sd,
                            "lower_limit"_a = triple(found.lower_limit),
                            "upper_limit"_a = triple(found.upper_limit),
                            "means"_a = py::array_t<double>(py::cast(found.means)),
                            "differences"_a = py::array_t<double>(py::cast(found.differences)));
        },
        "first"_a, "second"_a, "level"_a, "See groundglass.evaluation.bland_altman.");
    module.def(
        "intraclass_correlations",
        [](const doubles& ratings, std::size_t raters, double level) {
            const auto found = intraclass_correlations(elements(ratings), raters, level);
            return py::dict(
                "cases"_a = found.cases, "raters"_a = found.raters, "agreement"_a = triple(found.agreement),
                "consistency"_a = triple(found.consistency), "mean_square_cases"_a = found.mean_square_cases,
                "mean_square_raters"_a = found.mean_square_raters,
                "mean_square_error"_a = found.mean_square_error);
        },
        "ratings"_a, "raters"_a, "level"_a, "See groundglass.evaluation.intraclass_correlation.");
    module.def(
        "pair_counts",
        [](const whole_numbers& first, const whole_numbers& second) -> py::object {
            const auto found = count_pairs(elements(first), elements(second));
            if (!found) return py::none();
            return py::make_tuple(square(found->counts, found->rows, found->columns), found->first_low,
                                  found->second_low);
        },
        "first"_a, "second"_a,
        "Counts of the pairs, and the numbers that the first row and column stand for; None where a table "
        "would be "
        "too large.");
    module.def(
        "confusion_counts",
        [](const classes_array& truth, const classes_array& predicted, std::size_t classes) {
            const confusion_matrix table(elements(truth), elements(predicted), classes);
            return square(table.counts(), classes, classes);
        },
        "truth"_a, "predicted"_a, "classes"_a, "Counts by true and predicted class.");
    module.def(
        "kappa",
        [](const counts_array& counts, const std::string& weights, double level) {
            return triple(kappa(matrix_of(counts), weightings.of(weights), level));
        },
        "counts"_a, "weights"_a, "level"_a, "See groundglass.evaluation.kappa.");
    module.def(
        "confusion_matrix",
        [](const counts_array& counts, const std::string& method, double level) {
            const auto table = matrix_of(counts);
            const binomial_bounds_options options{methods.of(method), level};
            py::list recalls;
            for (std::size_t t = 0; t < table.classes(); ++t)
                recalls.append(triple(class_recall(table, t, options)));
            return py::dict("recalls"_a = recalls, "accuracy"_a = triple(accuracy(table, options)),
                            "mean_recall"_a = mean_recall(table));
        },
        "counts"_a, "method"_a, "level"_a, "See groundglass.evaluation.confusion_matrix.");
}

} // namespace

void bind_evaluation(py::module_& module) {
    bind_ranking(module);
    bind_calibration(module);
    bind_agreement(module);
}

} // namespace groundglass::bindings
