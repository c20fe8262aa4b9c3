from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import groundglass as gg
from groundglass import evaluation as ev

COUNT = 60


def cases() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Those of the C++ tests."""
    index = np.arange(COUNT)
    labels = (index * 7 % 10 < 4).astype(int)
    return ((index * 37 + 11) % 41 + 20 * labels) / 100, labels


def scored(least: int = 2) -> st.SearchStrategy[tuple[list[float], list[int]]]:
    """Scores with ties and labels, at least `least` of either class."""
    score = st.integers(-20, 20).map(float)
    return st.tuples(
        st.lists(score, min_size=least, max_size=20), st.lists(score, min_size=least, max_size=20)
    ).map(lambda parts: (parts[0] + parts[1], [0] * len(parts[0]) + [1] * len(parts[1])))


def ordinal(size: int = 4) -> st.SearchStrategy[tuple[list[int], list[int]]]:
    pair = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))
    return st.lists(pair, min_size=2, max_size=40).map(
        lambda pairs: tuple(map(list, zip(*pairs, strict=True)))
    )


@settings(max_examples=80, deadline=None)
@given(scored())
def test_auc_is_a_probability_of_ranks(drawn: tuple[list[float], list[int]]) -> None:
    scores, labels = np.array(drawn[0]), np.array(drawn[1])
    assume(len(set(drawn[0])) > 1)
    found = ev.auc(scores, labels)
    assert 0 <= found.lower <= found.value <= found.upper <= 1
    pairs = scores[labels == 1][:, None] - scores[labels == 0][None, :]
    assert found.value == pytest.approx(np.mean((pairs > 0) + 0.5 * (pairs == 0)))
    for moved in (np.exp(scores / 10), 3 * scores - 7, scores**3):
        assert ev.auc(moved, labels) == found
    assert ev.auc(-scores, labels).value == pytest.approx(1 - found.value)
    assert ev.roc_curve(scores, labels).auc == pytest.approx(found.value)


@settings(max_examples=40, deadline=None)
@given(scored(), st.randoms(use_true_random=False))
def test_order_changes_nothing(drawn: tuple[list[float], list[int]], random: Any) -> None:
    scores, labels = np.array(drawn[0]), np.array(drawn[1])
    assume(len(set(drawn[0])) > 1)
    order = list(range(len(scores)))
    random.shuffle(order)
    for function in (ev.auc, ev.roc_curve, ev.precision_recall_curve):
        one, other = function(scores, labels), function(scores[order], labels[order])
        if isinstance(one, ev.Estimate):
            assert one.to_dict() == pytest.approx(other.to_dict())
        else:
            assert one.to_rows() == other.to_rows()
    probabilities = (scores + 20) / 40
    one, other = (ev.calibration_curve(probabilities[o], labels[o]) for o in (slice(None), order))
    assert one.brier == pytest.approx(other.brier)
    assert one.cases.tolist() == other.cases.tolist()


@settings(max_examples=60, deadline=None)
@given(scored(1), st.sampled_from(["equal_width", "equal_count"]), st.integers(1, 12))
def test_calibration_accounts_for_every_case(drawn: Any, edges: Any, bins: int) -> None:
    probabilities, labels = (np.array(drawn[0]) + 20) / 40, np.array(drawn[1])
    found = ev.calibration_curve(probabilities, labels, bins=bins, edges=edges)
    assert found.cases.sum() == len(labels)
    assert found.positives.sum() == labels.sum()
    filled = found.cases > 0
    assert np.isnan(found.observed[~filled]).all()
    assert (found.lower[filled] <= found.observed[filled]).all()
    assert (found.observed[filled] <= found.upper[filled]).all()
    assert found.predicted[filled] @ found.cases[filled] == pytest.approx(probabilities.sum())
    assert 0 <= found.expected_error <= 1
    assert found.brier == pytest.approx(np.mean((probabilities - labels) ** 2))
    assert ev.brier_score(probabilities, labels) == found.brier


@settings(max_examples=60, deadline=None)
@given(ordinal(), st.sampled_from(["none", "linear", "quadratic"]))
def test_kappa_lies_within_its_bounds(drawn: tuple[list[int], list[int]], weights: Any) -> None:
    first, second = drawn
    assume(len(set(first + second)) > 1)
    found = ev.kappa(first, second, classes=range(4), weights=weights)
    assert -1 - 1e-9 <= found.lower <= found.value + 1e-9
    assert found.value <= found.upper + 1e-9 <= 1 + 2e-9
    swapped = ev.kappa(second, first, classes=range(4), weights=weights)
    assert swapped.to_dict() == pytest.approx(found.to_dict())
    if len(set(first)) > 1:
        assert ev.kappa(first, first, classes=range(4), weights=weights).value == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(ordinal())
def test_the_confusion_matrix_equals_numpys(drawn: tuple[list[int], list[int]]) -> None:
    truth, predicted = map(np.array, drawn)
    found = ev.confusion_matrix(truth, predicted, classes=range(4))
    assert found.counts.sum() == len(truth)
    for name, row, recall in zip(found.classes, found.counts, found.recalls, strict=True):
        of_class = predicted[truth == name]
        assert row.tolist() == [int((of_class == other).sum()) for other in range(4)]
        if len(of_class):
            assert recall.lower <= recall.value <= recall.upper
            assert recall.value == pytest.approx((of_class == name).mean())
        else:
            assert math.isnan(recall.value)
    assert found.accuracy.lower <= found.accuracy.value <= found.accuracy.upper


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(-50, 50).map(float)] * 3), min_size=3, max_size=30),
    st.integers(1, 9),
)
def test_agreement_of_measurements(drawn: list[tuple[float, ...]], factor: int) -> None:
    ratings = np.array(drawn)
    found = ev.bland_altman(ratings[:, 0], ratings[:, 1])
    difference = ratings[:, 0] - ratings[:, 1]
    assert found.bias.value == pytest.approx(difference.mean(), abs=1e-12)
    assert found.sd == pytest.approx(difference.std(ddof=1))
    for estimate in (found.bias, found.lower_limit, found.upper_limit):
        assert estimate.lower <= estimate.value <= estimate.upper
    assume(np.ptp(ratings) > 0)
    icc = ev.intraclass_correlation(ratings)
    for estimate in (icc.agreement, icc.consistency):
        if not math.isnan(estimate.lower):
            assert estimate.lower <= estimate.value + 1e-9
            assert estimate.value <= estimate.upper + 1e-9
    turned = ev.intraclass_correlation(3 * ratings[::-1, ::-1] * factor + 5)
    assert turned.agreement.value == pytest.approx(icc.agreement.value, abs=1e-7)
    assert turned.consistency.value == pytest.approx(icc.consistency.value, abs=1e-7, nan_ok=True)


quantiles = st.lists(st.integers(1, 999), min_size=2, max_size=9, unique=True).flatmap(
    lambda levels: st.tuples(
        st.just([level / 1000 for level in sorted(levels)]),
        st.lists(st.integers(0, 1000), min_size=len(levels), max_size=len(levels)).map(
            lambda fractions: [fraction / 1000 for fraction in sorted(fractions)]
        ),
    )
)


@settings(max_examples=150, deadline=None)
@given(quantiles, st.lists(st.floats(0, 1), min_size=1, max_size=4).map(sorted), st.floats(0.01, 0.99))
def test_probabilities_of_grades_add_up(
    drawn: tuple[list[float], list[float]], cuts: list[float], central: float
) -> None:
    found = gg.grade_probability(*drawn, cuts=cuts, central=central)
    assert len(found.probability) == len(cuts) + 1
    assert min(found.probability) >= 0
    assert sum(found.probability) == pytest.approx(1)
    assert 0 <= found.lower <= found.upper <= 1
    assert found.cuts_within == tuple(cut for cut in cuts if found.lower < cut <= found.upper)
    assert found.near_cut == bool(found.cuts_within)
    stage = gg.Thresholds(cuts=cuts, classes=[str(i) for i in range(len(cuts) + 1)])
    assert found.near_cut == (stage.index(found.lower) != stage.index(found.upper))
    # the classes wholly within the interval hold no more than it
    ends = stage.index(found.lower), stage.index(found.upper)
    if ends[0] == ends[1]:
        assert found.probability[ends[0]] >= central - 1e-9


def test_numbers_of_scikit_learn_and_proc() -> None:
    scores, labels = cases()
    found = ev.auc(scores, labels)
    assert found.value == pytest.approx(0.803819444444)
    assert (found.lower, found.upper) == pytest.approx((0.692879850375, 0.914759038514))
    assert str(found) == "0.804 (0.693 to 0.915)"
    assert float(found) == found.value
    resampled = ev.auc(scores, labels, method="bootstrap", seed=1)
    assert resampled.lower == pytest.approx(found.lower, abs=0.03)
    assert resampled == ev.auc(scores, labels, method="bootstrap", seed=1)
    assert ev.precision_recall_curve(scores, labels).average_precision == pytest.approx(0.762186782801)


def test_a_pair_of_scores() -> None:
    scores, labels = cases()
    found = ev.compare_auc(scores, scores, labels)
    assert (found.difference.value, found.z, found.p_value) == (0, 0, 1)
    better = ev.compare_auc(scores + labels, scores, labels)
    assert better.first == 1
    assert better.difference.value == pytest.approx(1 - better.second)
    assert better.p_value < 0.001


def test_labels_in_any_form() -> None:
    scores, labels = cases()
    expected = ev.auc(scores, labels)
    names = np.where(labels == 1, "severe", "mild")
    assert ev.auc(list(scores), labels.astype(bool)) == expected
    assert ev.auc(scores, labels.astype(float)) == expected
    assert ev.auc(scores, names, positive="severe") == expected
    assert ev.auc(scores, list(names), positive="severe") == expected
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"score": scores, "class": names})
    assert ev.auc(frame["score"], frame["class"], positive="severe") == expected


def test_tables() -> None:
    pandas = pytest.importorskip("pandas")
    scores, labels = cases()
    rated = np.stack([scores, scores + 0.01, scores], axis=1)
    for result, size in (
        (ev.roc_curve(scores, labels), 40),
        (ev.precision_recall_curve(scores, labels), 39),
        (ev.calibration_curve(scores, labels, bins=5), 5),
        (ev.bland_altman(scores, scores + 0.01), 3),
        (ev.intraclass_correlation(rated), 2),
        (ev.confusion_matrix(labels, labels), 2),
    ):
        frame = result.to_pandas()
        assert isinstance(frame, pandas.DataFrame)
        assert len(frame) == size
        html = result._repr_html_()
        assert html.startswith("<table><caption>")
        assert html.count("<tr>") == size + 1
    assert ev.intraclass_correlation(pandas.DataFrame(rated)).raters == 3


def test_a_long_table_is_cut_for_a_notebook_alone() -> None:
    values = np.arange(100.0)
    found = ev.roc_curve(values, np.arange(100) % 2)
    html = found._repr_html_()
    assert html.count("<tr>") == 61
    assert "41 rows in the middle are not shown" in html
    assert len(found.to_rows()) == 101


def test_a_confusion_matrix_with_names() -> None:
    order = ["CT-0", "CT-1", "CT-2"]
    found = ev.confusion_matrix(["CT-0", "CT-1", "CT-1"], ["CT-0", "CT-1", "CT-2"], classes=order)
    assert found.counts.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert found.mean_recall == pytest.approx(0.75)
    assert "–" in found._repr_html_()
    assert "<script>" not in ev.confusion_matrix(["<script>", "b"], ["b", "b"])._repr_html_()


def refused(text: str, call: Callable[..., object], *arguments: Any, **options: Any) -> None:
    with pytest.raises(ValueError, match=text):
        call(*arguments, **options)


@pytest.mark.parametrize("call", [ev.auc, ev.roc_curve, ev.precision_recall_curve])
def test_bad_cases_of_ranking_are_named(call: Callable[..., object]) -> None:
    scores, labels = [0.1, 0.5, 0.3, 0.2], [0, 1, 1, 0]
    refused("4 values need as many labels, found 3", call, scores, labels[:3])
    refused("value 1 is nan", call, [0.1, math.nan, 0.3, 0.2], labels)
    refused("value 2 is inf", call, [0.1, 0.2, math.inf, 0.2], labels)
    refused("all values are 0.5", call, [0.5] * 4, labels)
    refused("0 with label 1", call, scores, [0] * 4)
    refused("at least two patients", call, [0.1], [1])
    refused("scores: numbers are needed, found 'high'", call, ["high", "low", "low", "low"], labels)
    refused("labels: 0 and 1 are needed, found 2", call, scores, [0, 1, 2, 0])
    refused("labels: 0 and 1 are needed, found 'A'", call, scores, ["A", "B", "B", "A"])
    refused("none is the positive class 'C'", call, scores, ["A", "B", "B", "A"], positive="C")
    refused("index 3 is missing", call, scores, [0, 1, 1, None])
    refused("index 0 is missing", call, scores, [math.nan, 1, 1, 0])
    refused("scores: one dimension is needed, found 2", call, [scores], labels)
    refused("scores: ", call, [[1], [1, 2]], labels)


def test_bad_options_and_cases_are_named() -> None:
    scores, labels = cases()
    refused("at least 2 of either class", ev.auc, [0.1, 0.2, 0.3], [0, 1, 0])
    refused("level must lie between 0 and 1", ev.auc, scores, labels, level=95)
    refused("method must be 'delong' or 'bootstrap'", ev.auc, scores, labels, method="exact")
    refused("resamples must be a whole number", ev.auc, scores, labels, method="bootstrap", resamples=-1)
    refused("resamples", ev.auc, scores, labels, method="bootstrap", resamples=0)
    refused("not in percent", ev.calibration_curve, 100 * scores, labels)
    refused("not in percent", ev.brier_score, 100 * scores, labels)
    refused("bins must", ev.calibration_curve, scores, labels, bins=0)
    refused("edges must be one of", ev.calibration_curve, scores, labels, edges="any")
    refused("method must be one of", ev.calibration_curve, scores, labels, method="wald")
    refused("differ in length", ev.bland_altman, scores, scores[:5])
    refused("at least two cases", ev.bland_altman, [1.0], [2.0])
    refused("at index 1", ev.bland_altman, [1.0, math.nan], [2.0, 3.0])
    refused("a row a case", ev.intraclass_correlation, scores)
    refused("two cases by two raters", ev.intraclass_correlation, [[1.0], [2.0]])
    refused("case 1, rater 0", ev.intraclass_correlation, [[1.0, 2.0], [math.nan, 1.0]])
    refused("all ratings are", ev.intraclass_correlation, [[1.0, 1.0], [1.0, 1.0]])


def test_bad_classes_are_named() -> None:
    a, b = ["mild", "severe", "mild"], ["mild", "mild", "severe"]
    refused("first holds names, so give classes=", ev.kappa, a, b, weights="linear")
    refused("'severe' at index 1 is not one of the classes", ev.kappa, a, b, classes=["mild", "moderate"])
    refused("name a class twice", ev.kappa, a, b, classes=["mild", "severe", "mild"])
    refused("beyond chance", ev.kappa, ["mild", "mild"], ["mild", "mild"], classes=["mild", "severe"])
    refused("beyond chance", ev.kappa, [1, 1], [1, 1])
    refused("differ in length, 3 and 2", ev.confusion_matrix, a, b[:2])
    refused("predicted: the value at index 0 is missing", ev.confusion_matrix, a, [None, *b[1:]])
    refused("no cases", ev.confusion_matrix, [], [], classes=["a", "b"])
    refused("classes are needed, found 1", ev.confusion_matrix, ["a"], ["a"])
    refused("weights must be one of", ev.kappa, [0, 1], [0, 1], weights="cubic")
    assert ev.kappa(a, b, classes=["mild", "severe"], weights="linear").value == pytest.approx(-0.5)


def test_the_grade_of_an_uncertain_fraction() -> None:
    found = gg.grade_probability([0.05, 0.5, 0.95], [0.2, 0.24, 0.28], cuts=gg.ct_grade_cuts())
    assert found.probability == pytest.approx((0, 0.6125, 0.3875, 0, 0))
    assert found.cuts_within == (0.25,)
    refused("not in percent", gg.grade_probability, [0.1, 0.9], [10, 20], cuts=[0.5])
    refused("must ascend", gg.grade_probability, [0.9, 0.1], [0.1, 0.2], cuts=[0.5])
    refused("differ in length", gg.grade_probability, [0.9], [0.1, 0.2], cuts=[0.5])
    refused("at least one cut", gg.grade_probability, [0.1, 0.9], [0.1, 0.2], cuts=[])


def test_the_module_needs_no_pandas() -> None:
    code = "import sys, groundglass as gg; gg.evaluation.auc([1, 2, 3, 4], [0, 1, 0, 1]); "
    code += "sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- columns of classes: array code says what a loop over the cases says ------------------------------------


def by_loop(one: list[Any], other: list[Any], classes: list[Any]) -> npt.NDArray[np.int64]:
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for a, b in zip(one, other, strict=True):
        counts[classes.index(a), classes.index(b)] += 1
    return counts


COLUMNS: dict[str, list[Any]] = {
    "small numbers": [0, 1, 2],
    "negative numbers": [-7, 3, 12],
    "numbers far apart": [-(2**62), 0, 2**40],
    "numbers beyond int64": [0, 2**63, 2**70],
    "floats": [-0.5, 0.0, 1e300],
    "truth values": [False, True],
    "names": ["A", "B", "é"],
    "names and spaces": ["", " ", "a b"],
    "numbers of several types": [0, 1.5, 2],
    "pairs": [(0, 1), (0, 2), (1,)],
}


@pytest.mark.parametrize("classes", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("form", [list, lambda column: np.array(column, dtype=object)])
def test_columns_of_any_type_are_counted_alike(classes: list[Any], form: Any) -> None:
    random = np.random.default_rng(2)
    one, other = ([classes[i] for i in random.integers(0, len(classes), 300)] for _ in range(2))
    if isinstance(classes[0], tuple):
        columns = [np.empty(300, dtype=object) for _ in range(2)]
        for column, values in zip(columns, (one, other), strict=True):
            column[:] = values
    else:
        columns = [form(one), form(other)]
    found = ev.confusion_matrix(*columns)
    assert list(found.classes) == classes
    if not isinstance(columns[0], list):
        assert [type(c) for c in found.classes] == [type(c) for c in classes]
    np.testing.assert_array_equal(found.counts, by_loop(one, other, classes))
    backwards = ev.confusion_matrix(*columns, classes=[*classes[::-1], "none of them"])
    np.testing.assert_array_equal(backwards.counts[:-1, :-1], found.counts[::-1, ::-1])


@pytest.mark.parametrize("dtype", ["i1", "i2", "<i4", ">i4", "i8", "u1", "u2", "u8", "f4", "f8", "?"])
def test_arrays_of_every_type_are_counted_alike(dtype: str) -> None:
    random = np.random.default_rng(3)
    one, other = (random.integers(0, 2, 500).astype(dtype) for _ in range(2))
    found = ev.confusion_matrix(one, other)
    np.testing.assert_array_equal(found.counts, by_loop(one.tolist(), other.tolist(), [0, 1]))
    assert ev.kappa(one, other) == ev.kappa(one.tolist(), other.tolist())
    assert ev.kappa(one[::3], other[::3]) == ev.kappa(one[::3].copy(), other[::3].copy())


def test_types_of_two_columns_may_differ() -> None:
    whole, halves, truth = [0, 1, 1, 0, 1], [0.0, 1.0, 0.0, 0.0, 1.0], [False, True, True, True, True]
    for one, other in ((whole, halves), (halves, truth), (truth, whole)):
        assert ev.kappa(np.array(one), np.array(other)) == ev.kappa(one, other)


@pytest.mark.parametrize(
    ("columns", "classes", "message"),
    [
        (([0.0, np.nan], [0.0, 1.0]), None, "truth: the value at index 1 is missing"),
        (([0.0, 1.0], [1.0, np.nan]), None, "predicted: the value at index 1 is missing"),
        ((["a", None], ["a", "b"]), None, "truth: the value at index 1 is missing"),
        (([0, 1, 5, 7], [0, 1, 1, 1]), [0, 1], r"truth: 5 at index 2 is not one of the classes \(0, 1\)"),
        (([0, 1], [1, 9]), [1, 0], r"predicted: 9 at index 1 is not one of the classes \(1, 0\)"),
        ((["a", "b"], ["b", "c"]), ["a", "b"], "predicted: 'c' at index 1"),
        (([0, 1], [0, 1]), [0, 1, 0], "name a class twice"),
        (([0, 1], [0, 1, 1]), None, "differ in length, 2 and 3"),
        (([], []), None, "no cases"),
        (([3, 3], [3, 3]), None, "2 to 4096 classes are needed, found 1"),
        (([0, "a"], ["a", 0]), None, "classes of different types have no order"),
    ],
)
def test_what_is_no_column_is_named(columns: Any, classes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ev.confusion_matrix(*columns, classes=classes)
