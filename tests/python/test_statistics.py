from __future__ import annotations

import itertools
import json
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.signal import savgol_filter

import groundglass as gg

MODES = ("interp", "mirror", "nearest", "constant", "wrap")


def exact_weights(window: int, degree: int, deriv: int = 0) -> list[list[Fraction]]:
    """Weights for every point of the window, by the recurrence of Gram's polynomials in rational numbers."""
    points = range(-(window // 2), window // 2 + 1)
    none = [[Fraction(0)] * window for _ in range(deriv + 1)]
    before, now = none, [[Fraction(1)] * window, *none[1:]]  # by order of derivative
    rows, norm_before = [[Fraction(0)] * window for _ in points], Fraction(0)
    for _ in range(degree + 1):
        norm = sum(value * value for value in now[0])
        for place, row in enumerate(rows):
            if share := now[deriv][place] / norm:
                rows[place] = [r + share * value for r, value in zip(row, now[0], strict=True)]
        shift = norm / norm_before if norm_before else Fraction(0)
        after = [
            [
                x * now[order][i] + (order * now[order - 1][i] if order else 0) - shift * before[order][i]
                for i, x in enumerate(points)
            ]
            for order in range(deriv + 1)
        ]
        before, now, norm_before = now, after, norm
    return rows


@pytest.mark.parametrize(
    ("window", "degree", "deriv"),
    [(7, 1, 0), (17, 15, 0), (51, 10, 0), (101, 20, 0), (17, 15, 1), (51, 10, 2), (101, 20, 1)],
)
def test_smoothing_is_exact_against_rational_arithmetic(window: int, degree: int, deriv: int) -> None:
    rows = exact_weights(window, degree, deriv)
    series = np.random.default_rng(7).random(window + 1)
    exact = [Fraction(float(value)) for value in series]
    stage = gg.SavitzkyGolay(window=window, degree=degree, deriv=deriv)
    middle = window // 2
    weights = [float(weight) for weight in rows[middle]]
    np.testing.assert_allclose(stage.weights, weights, rtol=0, atol=1e-15 * max(1, np.abs(weights).max()))

    def read(place: int, first: int) -> float:
        return float(sum(w * v for w, v in zip(rows[place], exact[first : first + window], strict=True)))

    expected = [read(place, 0) for place in range(middle + 1)] + [
        read(place, 1) for place in range(middle, window)
    ]
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(stage(series), expected, rtol=0, atol=1e-12 * scale)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([(3, 1), (5, 2), (7, 1), (9, 4), (11, 3)]),
    st.sampled_from(MODES),
    st.integers(0, 2),
    st.integers(11, 40),
    st.integers(0, 1000),
)
def test_edge_modes_equal_scipy(
    shape: tuple[int, int], mode: str, deriv: int, length: int, seed: int
) -> None:
    (window, degree), deriv = shape, min(deriv, shape[1])
    series = np.random.default_rng(seed).standard_normal(length)
    ours = gg.SavitzkyGolay(window=window, degree=degree, deriv=deriv, delta=0.5, mode=mode, cval=1.5)(series)
    theirs = savgol_filter(series, window, degree, deriv=deriv, delta=0.5, mode=mode, cval=1.5)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_axes_and_types() -> None:
    stage = gg.SavitzkyGolay(window=5, degree=2)
    block = np.random.default_rng(1).random((3, 8, 6))
    for axis in (0, 1, 2, -2):
        if block.shape[axis] < 5:
            with pytest.raises(ValueError, match="longer than the series of 3"):
                stage(block, axis=axis)
            continue
        found = stage(block, axis=axis)
        np.testing.assert_allclose(found, savgol_filter(block, 5, 2, axis=axis), atol=1e-12)
        assert found.flags.c_contiguous
    assert stage(block.astype(np.float32)).dtype == np.float32
    assert stage(np.arange(9)).dtype == np.float64
    np.testing.assert_allclose(np.arange(9.0) | stage, np.arange(9.0), atol=1e-12)
    assert pickle.loads(pickle.dumps(stage)) == stage
    assert eval(repr(stage), {"SavitzkyGolay": gg.SavitzkyGolay}) == stage
    with pytest.raises(ValueError, match="axis 3"):
        stage(block, axis=3)
    with pytest.raises(ValueError, match="numbers are needed, found 'a'"):
        stage(["a"] * 9)


def test_missing_values_and_places() -> None:
    x = np.cumsum(np.random.default_rng(3).uniform(0.5, 1.5, 30))
    cubic = 1 + x - 0.1 * x**2 + 0.002 * x**3
    stage = gg.SavitzkyGolay(window=7, degree=3)
    np.testing.assert_allclose(stage(cubic, x=x), cubic, rtol=1e-9)
    slope = gg.SavitzkyGolay(window=7, degree=3, deriv=1)(cubic, x=x)
    np.testing.assert_allclose(slope, 1 - 0.2 * x + 0.006 * x**2, atol=1e-8)

    even = np.arange(30.0) ** 2
    holed = even.copy()
    holed[[0, 10, 11]] = np.nan
    kept = stage(holed)
    assert np.isnan(kept).sum() == 3
    filled = gg.SavitzkyGolay(window=7, degree=3, missing="fill")(holed)
    np.testing.assert_allclose(filled, even, atol=1e-8)
    lost = gg.SavitzkyGolay(window=7, degree=3, missing="propagate")(holed)
    assert np.isnan(lost).sum() == 4 + 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 8}, "window must be odd, found 8"),
        ({"window": -3}, "window must not be below 0"),
        ({"window": 5, "degree": 5}, "degree must be below"),
        ({"deriv": 3}, "deriv must lie in 0..2"),
        ({"mode": "reflect"}, "mode must be one of 'interp'"),
        ({"missing": "drop"}, "missing must be one of"),
        ({"delta": 0}, "delta must be above 0"),
    ],
)
def test_wrong_filters_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gg.SavitzkyGolay(**options)
    with pytest.raises(ValueError, match="longer than the series of 4"):
        gg.SavitzkyGolay(window=5)([1, 2, 3, 4])
    with pytest.raises(ValueError, match="infinite at 2"):
        gg.SavitzkyGolay(window=3)([1, 2, np.inf, 4])


def test_the_published_intervals(shared_data: Path) -> None:
    golden = shared_data.parent / "spec" / "golden" / "interval-probability.json"
    if not golden.is_file():
        pytest.skip("the published table is not beside the checkout")
    published = json.loads(golden.read_text())
    # Of the 66 extensive patients the recipe takes the number of filled intervals alone, 29.
    positive = np.bincount(np.arange(66) % 29, minlength=99)
    negative = published["counts_not_extensive"]
    table = gg.IntervalTable.from_counts(positive, negative, compatible=True)
    np.testing.assert_allclose(table.probability, published["published"], rtol=0, atol=2e-5)
    fractions = (
        np.repeat(np.arange(99) / 100, negative).tolist() + np.repeat(np.arange(99) / 100, positive).tolist()
    )
    fitted = gg.interval_table(fractions, [0] * 289 + [1] * 66, compatible=True)
    np.testing.assert_array_equal(fitted.probability, table.probability)
    assert fitted(0.29).probability == table.probability[29]
    assert fitted(1.4).start == 0.98


def test_every_edge_begins_its_interval() -> None:
    table = gg.interval_table([0.1, 0.2, 0.9], [0, 1, 1])
    assert len(table) == 100
    for percent in range(100):
        assert table(percent / 100).start == percent / 100
    assert table(1.0).start == 0.99
    assert table(float(np.nextafter(0.29, 0))).start == 0.28
    with pytest.raises(ValueError, match="not in percent"):
        table(29)


def test_interval_tables_tell_what_they_know() -> None:
    fractions = [0.05, 0.05, 0.15, 0.15, 0.15, 0.35]
    table = gg.interval_table(
        fractions,
        ["mild", "severe", "mild", "severe", "severe", "severe"],
        positive="severe",
        edges=[0, 0.1, 0.2, 0.3, 0.4],
    )
    assert table.probability[:2].tolist() == [0.5, pytest.approx(2 / 3)]
    assert np.isnan(table.probability[2])
    assert (table.lower[2], table.upper[2]) == (0, 1)
    assert table.rows[1].prior_free == pytest.approx(0.5 / (0.5 + 0.5))
    frame = table.to_pandas()
    assert list(frame.columns[:4]) == ["start", "stop", "positive", "negative"]
    assert len(frame) == 4
    assert "<table>" in table._repr_html_()
    assert pickle.loads(pickle.dumps(table)) == table
    smooth = gg.interval_table(
        fractions,
        [0, 1, 0, 1, 1, 1],
        edges=[0, 0.1, 0.2, 0.3, 0.4],
        smoothing=gg.SavitzkyGolay(window=3, degree=0),
    )
    assert smooth.probability[2] == pytest.approx(3 / 4)
    assert pickle.loads(pickle.dumps(smooth)) == smooth


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fractions": [0.1, np.nan, 0.3]}, "value 1 is nan"),
        ({"fractions": [0.1, np.inf, 0.3]}, "value 1 is inf"),
        ({"fractions": [0.2, 0.2, 0.2]}, "all values are 0.2"),
        ({"fractions": ["a", "b", "c"]}, "numbers are needed"),
        ({"fractions": [[0.1, 0.2, 0.3]]}, "one dimension"),
        ({"fractions": [0.1], "labels": [1]}, "at least two patients"),
        ({"labels": [0, 1]}, "as many labels"),
        ({"labels": [1, 1, 1]}, "no patient is negative"),
        ({"labels": [0, 1, 2]}, "0 and 1 are needed, found 2"),
        ({"labels": ["yes", "no", "no"]}, "positive="),
        ({"labels": ["yes", "no", None], "positive": "yes"}, "missing"),
        ({"edges": [0, 0.5, 0.2]}, "edges must ascend"),
        ({"edges": [0.5]}, "at least two edges"),
        ({"level": 95}, "level"),
        ({"prevalence": 0}, "prevalence"),
        ({"method": "wald"}, "method must be one of"),
        ({"smoothing": gg.SavitzkyGolay(window=201)}, "longer than the 100 intervals"),
        ({"compatible": True, "isotonic": True}, "compatible takes no"),
    ],
)
def test_wrong_cohorts_are_named(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"fractions": [0.1, 0.2, 0.3], "labels": [0, 1, 1]} | change
    with pytest.raises(ValueError, match=message):
        gg.interval_table(**arguments)


cohorts = (
    st.integers(0, 10**6)
    .map(lambda seed: np.random.default_rng(seed))
    .map(lambda random: (random.permuted(np.r_[0.0, 1.0, np.round(random.beta(0.6, 3, 18), 2)]), random))
)


@settings(deadline=None, max_examples=80)
@given(
    cohorts,
    st.sampled_from(["wilson", "jeffreys", "clopper_pearson"]),
    st.sampled_from([None, 0.5, 0.03]),
    st.sampled_from([None, gg.SavitzkyGolay(window=5, degree=0), gg.SavitzkyGolay(window=9, degree=4)]),
    st.booleans(),
    st.sampled_from([0.5, 0.95, 0.999]),
)
def test_probabilities_stay_within_their_bounds(
    cohort: Any, method: Any, prevalence: float | None, smoothing: Any, isotonic: bool, level: float
) -> None:
    fractions, random = cohort
    labels = np.r_[0, 1, random.integers(0, 2, fractions.size - 2)]
    options: dict[str, Any] = {
        "edges": np.linspace(0, 1, 21), "method": method, "level": level, "prevalence": prevalence,
        "smoothing": smoothing, "isotonic": isotonic,
    }  # fmt: skip
    table = gg.interval_table(fractions, labels, **options)
    known = ~np.isnan(table.probability)
    assert known.any()
    assert np.all((table.lower >= 0) & (table.upper <= 1) & (table.lower <= table.upper))
    assert np.all(table.lower[known] <= table.probability[known])
    assert np.all(table.probability[known] <= table.upper[known])
    if isotonic:
        assert np.all(np.diff(table.probability[known]) >= -1e-12)
    order = random.permutation(fractions.size)
    assert gg.interval_table(fractions[order], labels[order], **options) == table


def published_brute_force(values: Any, classes: Any, grid: int) -> tuple[float, float, float]:
    best = (0.0, 0.0, -1.0)
    a, b, c = (values[classes == k] for k in range(3))
    for i in range(grid):
        for j in range(i, grid):
            ab, bc = i / grid, j / grid
            score = (a < ab).sum() / a.size + ((b >= ab) & (b < bc)).sum() / b.size + (c >= bc).sum() / c.size
            if score > best[2]:
                best = (ab, bc, score)
    return best


def test_the_grid_equals_the_published_loop() -> None:
    random = np.random.default_rng(5)
    for _ in range(25):
        classes = np.r_[0, 1, 2, random.integers(0, 3, 20)]
        values = np.clip(np.round(random.gamma(1.2, np.array([0.05, 0.1, 0.3])[classes]), 2), 0, 1)
        ab, bc, most = published_brute_force(values, classes, 25)
        fit = gg.fit_thresholds(values, classes, grid=25)
        assert fit.cuts == (ab, bc)
        assert fit.objective == pytest.approx(most / 3)


def kappa(table: Any, power: int) -> float:
    steps = np.abs(np.subtract.outer(range(len(table)), range(len(table)))) ** power
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    return float(1 - (steps * table).sum() / (steps * expected).sum())


@pytest.mark.parametrize("goal", ["linear_kappa", "quadratic_kappa"])
def test_no_cuts_have_a_higher_kappa(goal: Any) -> None:
    random = np.random.default_rng(8)
    for _ in range(40):
        classes = np.r_[0, 1, 2, random.integers(0, 3, 12)]
        values = np.round(random.random(15) * 0.6 + 0.15 * classes, 1)
        power = 1 if goal == "linear_kappa" else 2
        most = -2.0
        for cuts in itertools.combinations_with_replacement([*np.unique(values), 2.0], 2):
            table = np.zeros((3, 3))
            np.add.at(table, (classes, np.searchsorted(cuts, values, "right")), 1)
            most = max(most, kappa(table, power))
        fit = gg.fit_thresholds(values, classes, goal=goal)
        assert fit.objective == pytest.approx(most, abs=1e-12)
        assert kappa(fit.confusion.astype(float), power) == pytest.approx(most, abs=1e-12)


def test_a_fit_is_a_stage_and_a_table() -> None:
    pandas = pytest.importorskip("pandas")
    fractions = [0.01, 0.02, 0.10, 0.12, 0.4, 0.5]
    grades = ["low", "low", "mid", "mid", "high", "high"]
    fit = gg.fit_thresholds(fractions, grades, order=["low", "mid", "high"])
    assert fit.cuts == (pytest.approx(0.06), pytest.approx(0.26))
    assert fit(0.04) == "low"
    assert 0.3 | fit == "high"
    assert fit.thresholds == gg.Thresholds(cuts=fit.cuts, classes=fit.classes)
    assert fit.plateaus[0] == ((0.02, 0.10),)
    assert fit.confusion.tolist() == [[2, 0, 0], [0, 2, 0], [0, 0, 2]]
    assert fit.to_pandas()["recall"].tolist() == [1, 1, 1]
    assert "<table>" in fit._repr_html_()
    assert pickle.loads(pickle.dumps(fit)) == fit
    frame = pandas.DataFrame({"x": fractions, "grade": pandas.Categorical(grades, ["low", "mid", "high"])})
    assert gg.fit_thresholds(frame["x"], frame["grade"]) == fit
    assert gg.fit_thresholds(frame["x"], frame["grade"].cat.codes).cuts == fit.cuts

    bootstrap = gg.bootstrap_thresholds(
        fractions, grades, order=["low", "mid", "high"], resamples=200, seed=3
    )
    assert bootstrap.fit == fit
    assert bootstrap.resampled_cuts.shape == (2, 200)
    assert bootstrap.cuts[0][0] <= fit.cuts[0] <= bootstrap.cuts[0][1]
    assert bootstrap.corrected <= bootstrap.apparent == 1
    assert bootstrap.to_pandas()["between"].tolist() == ["low and mid", "mid and high"]
    assert pickle.loads(pickle.dumps(bootstrap)).resampled_cuts.tolist() == bootstrap.resampled_cuts.tolist()


def test_costs_and_prevalence_move_the_cut() -> None:
    random = np.random.default_rng(2)
    classes = np.repeat([0, 1], 200)
    values = np.clip(random.normal(0.3 + 0.15 * classes, 0.1), 0, 1)
    even = gg.fit_thresholds(values, classes).cuts[0]
    rare = gg.fit_thresholds(values, classes, goal="accuracy", prevalence={0: 0.95, 1: 0.05}).cuts[0]
    cautious = gg.fit_thresholds(values, classes, goal="cost", costs=[[0, 1], [8, 0]]).cuts[0]
    assert cautious < even < rare


@settings(deadline=None, max_examples=80)
@given(cohorts, st.integers(2, 4), st.sampled_from(["mean_recall", "accuracy", "linear_kappa"]))
def test_thresholds_follow_the_values(cohort: Any, count: int, goal: Any) -> None:
    values, random = cohort
    classes = np.r_[np.arange(count), random.integers(0, count, values.size - count)]
    fit = gg.fit_thresholds(values, classes, goal=goal, cut="observed")
    assert all(recall <= 1 for recall in fit.recall)

    order = random.permutation(values.size)
    assert gg.fit_thresholds(values[order], classes[order], goal=goal, cut="observed") == fit

    def bent(x: Any) -> Any:
        return np.sqrt(x) * 0.9

    moved = gg.fit_thresholds(bent(values), classes, goal=goal, cut="observed")
    np.testing.assert_allclose(moved.cuts, bent(np.array(fit.cuts)), rtol=1e-12)
    assert moved.confusion.tolist() == fit.confusion.tolist()
    between = gg.fit_thresholds(values, classes, goal=goal)
    assert between.confusion.tolist() == fit.confusion.tolist()


@settings(deadline=None, max_examples=50)
@given(hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(-100, 100)))
def test_isotonic_regression_rises_and_keeps_the_mean(values: Any) -> None:
    fitted = gg.isotonic_regression(values)
    assert np.all(np.diff(fitted) >= 0)
    assert fitted.mean() == pytest.approx(values.mean(), abs=1e-9)
    np.testing.assert_allclose(gg.isotonic_regression(fitted), fitted, atol=1e-12)


def test_percent_is_warned_of() -> None:
    with pytest.warns(gg.statistics.PercentWarning, match="looks like percent"):
        fit = gg.fit_thresholds([1.0, 2.0, 40.0], [0, 0, 1])
    assert [note.code for note in fit.notes] == ["looks_like_percent"]
    with pytest.warns(gg.statistics.PercentWarning):
        table = gg.interval_table([0.5, 2.0, 40.0], [0, 0, 1])
    assert [note.code for note in table.notes] == ["looks_like_percent", "outside_edges"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": [0.1, np.nan, 0.3]}, "value 1 is nan"),
        ({"values": [0.2, 0.2, 0.2]}, "nothing to tell patients apart"),
        ({"values": [0.1], "classes": [0]}, "at least two patients"),
        ({"classes": ["a", "a", "a"]}, "at least two classes"),
        ({"classes": ["a", "b", None]}, "missing"),
        ({"classes": ["a", 1, 2.5]}, "different types"),
        ({"classes": ["a", "b", "c"], "order": ["a", "b"]}, "'c' at index 2 is not one of"),
        ({"classes": ["a", "b", "b"], "order": ["a", "b", "c"]}, "class c has no patient"),
        ({"goal": "f1"}, "goal must be one of"),
        ({"goal": "cost"}, "costs need 2 rows"),
        ({"costs": [[0, 1], [1, 0]]}, "goal cost"),
        ({"prevalence": [1, 2, 3]}, "prevalence"),
        ({"prevalence": {"x": 1}}, "prevalence"),
        ({"grid": 1}, "grid must lie in"),
        ({"grid": -5}, "grid"),
        ({"cut": "left"}, "cut must be one of"),
    ],
)
def test_wrong_fits_are_named(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"values": [0.1, 0.2, 0.3], "classes": [0, 1, 1]} | change
    with pytest.raises(ValueError, match=message):
        gg.fit_thresholds(**arguments)
    with pytest.raises(ValueError, match=message):
        gg.bootstrap_thresholds(**arguments, resamples=5)


def test_wrong_bootstraps_are_named() -> None:
    for wrong in ({"resamples": 0}, {"resamples": -1}, {"level": 2}, {"seed": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            gg.bootstrap_thresholds([0.1, 0.2, 0.3], [0, 1, 1], **wrong)


def test_binomial_bounds_hold_the_share() -> None:
    successes, trials = np.array([0, 3, 7, 0]), np.array([7, 7, 7, 0])
    lower, upper = gg.binomial_bounds(successes, trials, method="clopper_pearson")
    assert (lower[3], upper[3]) == (0, 1)
    assert np.all(lower[:3] <= successes[:3] / 7)
    assert np.all(upper[:3] >= successes[:3] / 7)
    with pytest.raises(ValueError, match="successes <= trials"):
        gg.binomial_bounds([3], [2])


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0, 1, 1, 0], dtype=np.uint8),
        np.array([0, 1, 1, 0], dtype=">i8"),
        np.array([0.0, 1.0, 1.0, -0.0]),
        np.array([False, True, True, False]),
        [0, True, 1.0, False],
        np.array([0, 1, 1, 0], dtype=object),
    ],
    ids=lambda labels: str(getattr(labels, "dtype", "list")),
)
def test_labels_of_any_type_are_0_and_1(labels: Any) -> None:
    found = gg.interval_table([0.1, 0.2, 0.3, 0.4], labels)
    assert sum(row.positive for row in found.rows) == 2
    assert (found.rows[20].positive, found.rows[30].positive) == (1, 1)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 2, 0], "found 2; name the positive"),
        ([0.0, 1.0, 0.5, 3.0], "found 0.5; name the positive"),
        ([0.0, np.nan, 1.0, 0.5], "index 1 is missing"),
        (["yes", "no", "no", "no"], "found 'yes'; name the positive"),
    ],
)
def test_the_first_wrong_label_is_named(labels: Any, message: str) -> None:
    for form in (labels, np.array(labels)):
        with pytest.raises(ValueError, match=message):
            gg.interval_table([0.1, 0.2, 0.3, 0.4], form)


def by_pools(values: list[Fraction]) -> list[Fraction]:
    """Isotonic regression in fractions."""
    pools: list[tuple[Fraction, int]] = []
    for value in values:
        total, count = value, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            before = pools.pop()
            total, count = total + before[0], count + before[1]
        pools.append((total, count))
    return [total / count for total, count in pools for _ in range(count)]


@pytest.mark.parametrize("kind", ["ties", "noise", "thirds", "magnitudes", "zeros", "denormal", "extreme"])
def test_isotonic_regression_is_exact(kind: str) -> None:
    random = np.random.default_rng(5)
    values = {
        "ties": random.integers(0, 4, 400).astype(float),
        "noise": np.linspace(0, 1, 400) + 0.2 * random.standard_normal(400),
        "thirds": np.arange(400) // 3 / 3 - 0.1 * (np.arange(400) % 3),
        "magnitudes": random.standard_normal(400) * 10.0 ** random.integers(-12, 12, 400),
        "zeros": np.array([0.0, -0.0, 0.0, -0.0]),
        "denormal": random.integers(-9, 9, 400) * 5e-324,
        "extreme": random.choice([1e308, -1e308, 1e-308, 1.0], 400),
    }[kind]
    expected = [float(level) for level in by_pools([Fraction(value) for value in values.tolist()])]
    assert gg.isotonic_regression(values).tolist() == expected
