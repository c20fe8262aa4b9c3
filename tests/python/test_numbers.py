"""Numbers of any magnitude and in any form, against exact rational arithmetic."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import example, given, settings
from hypothesis import strategies as st

import groundglass as gg
from groundglass import evaluation as ev

#: Finite numbers up to 1.8e308 and down to the least subnormal, with their neighbours and opposites.
anything = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([1e308, -1e308, 1.7e308, 1e-308, 5e-324, -5e-324, 0.0, 1.0, 1e16, -1e16]),
    st.builds(math.ldexp, st.integers(-99, 99), st.sampled_from([-1074, -1000, -500, 0, 500, 1000])),
)
weight = st.floats(min_value=5e-324, allow_infinity=False)


def close(found: float, exact: Fraction | float, digits: float = 4e-16) -> bool:
    """Within a few roundings, of which the least is that of subnormal numbers."""
    least = Fraction(5e-324) * 2
    return abs(Fraction(found) - Fraction(exact)) <= abs(Fraction(exact)) * Fraction(digits) + least


def tried(call: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[Any, str]:
    """The result, or why there is none."""
    try:
        return call(*arguments, **options), ""
    except ValueError as error:
        return None, str(error)


def exact_isotonic(values: list[float], weights: list[float]) -> list[Fraction]:
    pools: list[tuple[Fraction, Fraction, int]] = []
    for value, weight in zip(values, weights, strict=True):
        pools.append((Fraction(value) * Fraction(weight), Fraction(weight), 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            last, before = pools.pop(), pools.pop()
            pools.append((last[0] + before[0], last[1] + before[1], last[2] + before[2]))
    return [moment / weight for moment, weight, count in pools for _ in range(count)]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(anything, weight), max_size=12), st.booleans())
@example([(1e308, 1.0), (-1e308, 1.0)], False)
@example([(1.0, 1e308), (0.0, 1e308)], True)
@example([(1e308, 1.0), (1.0, 1.0), (-1e308, 1.0), (5.0, 1.0)], False)
def test_isotonic_levels_are_exact(drawn: list[tuple[float, float]], weighed: bool) -> None:
    values, weights = [v for v, _ in drawn], [w if weighed else 1.0 for _, w in drawn]
    found = gg.isotonic_regression(values, weights=weights if weighed else None)
    exact = exact_isotonic(values, weights)
    assert len(found) == len(exact)
    for level, right in zip(found.tolist(), exact, strict=True):
        assert close(level, right)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(anything, anything), min_size=2, max_size=10))
@example([(1e308, -1e308), (-1e308, 1e308), (0.0, 0.0)])
@example([(1e15 + 0.125, 1e15), (1e15, 1e15), (1e15 + 0.25, 1e15)])
def test_bland_altman_is_exact_or_refused(drawn: list[tuple[float, float]]) -> None:
    first, second = [a for a, _ in drawn], [b for _, b in drawn]
    found, refusal = tried(ev.bland_altman, first, second)
    if refusal:
        assert "divide all values by a power of ten" in refusal
        assert max(abs(x) for x in first + second) > 1e305  # t is 12.7 at most, and so is no limit further
        scaled = ev.bland_altman([x / 1e10 for x in first], [x / 1e10 for x in second])  # the cure
        assert math.isfinite(scaled.bias.value)
        return
    differences = [Fraction(float(Fraction(a) - Fraction(b))) for a, b in drawn]
    n = len(drawn)
    bias = sum(differences, Fraction()) / n
    assert close(found.bias.value, bias)
    variance = sum(((d - bias) ** 2 for d in differences), Fraction()) / (n - 1)
    # The square of the deviation, so that no root is taken of a fraction; twice its relative error.
    low, high = (Fraction(found.sd) * (1 + Fraction(e) * Fraction(1e-15)) for e in (-1, 1))
    least = Fraction(5e-324)
    assert (max(low - least, 0)) ** 2 <= variance <= (high + least) ** 2
    for a, b, mean in zip(first, second, found.means.tolist(), strict=True):
        assert close(mean, (Fraction(a) + Fraction(b)) / 2)
    for estimate in (found.bias, found.lower_limit, found.upper_limit):
        assert estimate.lower <= estimate.value <= estimate.upper
        assert math.isfinite(estimate.lower)
        assert math.isfinite(estimate.upper)


def exact_correlations(ratings: list[list[float]]) -> tuple[Fraction | None, Fraction | None]:
    rows = [[Fraction(x) for x in row] for row in ratings]
    n, k = len(rows), len(rows[0])
    mean = sum(map(sum, rows), Fraction()) / (n * k)
    cases = [sum(row, Fraction()) / k for row in rows]
    raters = [sum(column, Fraction()) / n for column in zip(*rows, strict=True)]
    r = k * sum((c - mean) ** 2 for c in cases) / (n - 1)
    c = n * sum((x - mean) ** 2 for x in raters) / (k - 1)
    residual = (x - cases[i] - raters[j] + mean for i, row in enumerate(rows) for j, x in enumerate(row))
    e = sum((x**2 for x in residual), Fraction()) / ((n - 1) * (k - 1))
    agreement, consistency = r + (k - 1) * e + Fraction(k) * (c - e) / n, r + (k - 1) * e
    return (r - e) / agreement if agreement else None, (r - e) / consistency if consistency else None


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.lists(st.integers(-40, 40), min_size=3, max_size=3), min_size=2, max_size=8),
    st.sampled_from([-1074, -600, -52, 0, 52, 300, 480]),
    st.sampled_from([0, 2**40, -(2**45)]),
)
def test_correlations_do_not_depend_on_unit_and_zero(drawn: list[list[int]], unit: int, zero: int) -> None:
    ratings = [[math.ldexp(x + zero, unit) for x in row] for row in drawn]
    if len({x for row in drawn for x in row}) == 1:
        with pytest.raises(ValueError, match="all ratings are"):
            ev.intraclass_correlation(ratings)
        return
    found = ev.intraclass_correlation(ratings)
    for estimate, exact in zip(
        (found.agreement, found.consistency), exact_correlations(ratings), strict=True
    ):
        if exact is None:
            assert math.isnan(estimate.value)
        else:
            assert estimate.value == pytest.approx(float(exact), rel=1e-14, abs=1e-15)
            assert not math.isinf(estimate.lower)
    assert math.isfinite(found.mean_square_cases + found.mean_square_raters + found.mean_square_error)


def test_correlations_of_ratings_too_large_are_refused_with_a_cure() -> None:
    ratings = np.array([[1e308, 2.0], [-1e308, 1e307]])
    with pytest.raises(ValueError, match="divide all values by a power of ten"):
        ev.intraclass_correlation(ratings)
    found = ev.intraclass_correlation(ratings / 1e200)
    assert found.agreement.value == pytest.approx(
        float(exact_correlations(ratings.tolist())[0] or 0), rel=1e-12
    )


@settings(deadline=None, max_examples=200)
@given(st.lists(anything, min_size=5, max_size=12), st.sampled_from([0, 1, 2]))
def test_smoothing_is_right_or_refused(series: list[float], degree: int) -> None:
    whole = [1, 1, 1, 1, 1] if degree < 2 else [-3, 12, 17, 12, -3]  # Savitzky and Golay 1964
    weights = [Fraction(w, sum(whole)) for w in whole]
    found, refusal = tried(gg.SavitzkyGolay(window=5, degree=degree), series)
    if refusal:
        assert "divide the series by a power of ten" in refusal
        assert max(map(abs, series)) > 1e307
        return
    for i in range(2, len(series) - 2):
        window = [Fraction(x) for x in series[i - 2 : i + 3]]
        exact = sum((w * x for w, x in zip(weights, window, strict=True)), Fraction())
        size = max(abs(x) for x in window)
        assert abs(Fraction(found[i]) - exact) <= size * Fraction(2e-15) + Fraction(5e-324)


@settings(deadline=None, max_examples=200)
@given(
    st.floats(0, 1), st.floats(5e-324, 1.7e308), st.sampled_from(["wilson", "jeffreys", "clopper_pearson"])
)
def test_bounds_of_any_counts_hold_the_share(share: float, trials: float, method: Any) -> None:
    successes = share * trials
    found, refusal = tried(gg.binomial_bounds, successes, trials, method=method)
    if refusal:
        assert "take wilson" in refusal
        assert trials > 1e9
        return
    lower, upper = found
    assert 0 <= lower <= successes / trials <= upper <= 1


@settings(deadline=None, max_examples=100)
@given(st.lists(anything, min_size=6, max_size=20, unique=True), st.randoms(use_true_random=False))
def test_ranks_cuts_and_intervals_take_any_number(values: list[float], random: Any) -> None:
    labels = [0, 1, *(random.randint(0, 1) for _ in values[2:])]
    ranks = np.argsort(np.argsort(values)).astype(float)
    if not any(a == b for a in values for b in values if a is not b):
        assert ev.auc(values, labels, method="bootstrap", resamples=5).value == pytest.approx(
            ev.auc(ranks, labels, method="bootstrap", resamples=5).value
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gg.PercentWarning)
        fit = gg.fit_thresholds(values, labels)
        assert fit.confusion.tolist() == gg.fit_thresholds(ranks, labels).confusion.tolist()
        edges = sorted({*values})
        table = gg.interval_table(values, labels, edges=edges)
    assert table.positive.sum() == sum(labels)
    assert np.isfinite(table.lower).all()


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**9), st.integers(1, 10**9), st.sampled_from([0.5, 0.95, 0.999999]))
def test_exact_bounds_equal_scipys(successes: int, trials: int, level: float) -> None:
    successes = min(successes, trials)
    lower, upper = gg.binomial_bounds(successes, trials, method="clopper_pearson", level=level)
    right = scipy.stats.binomtest(successes, trials).proportion_ci(level, "exact")
    assert (lower, upper) == pytest.approx((right.low, right.high), rel=1e-9)
    lower, upper = gg.binomial_bounds(successes, trials, level=level)
    right = scipy.stats.binomtest(successes, trials).proportion_ci(level, "wilson")
    assert (lower, upper) == pytest.approx((right.low, right.high), rel=1e-9, abs=1e-16)


def test_binomial_bounds_broadcast() -> None:
    lower, upper = gg.binomial_bounds(18, 20)
    assert isinstance(lower, float)
    assert (lower, upper) == pytest.approx((0.698966, 0.972134), abs=1e-6)
    for successes, trials, shape in (
        ([[1, 2]], [[10, 10]], (1, 2)),
        ([1, 2], 10, (2,)),
        (3, [[10], [20]], (2, 1)),
        ([[1], [2]], [10, 20, 30], (2, 3)),
        ([], 5, (0,)),
        (np.float32(2), np.int8([4, 5]), (2,)),
        (np.array(2), np.array(4), ()),
        (np.arange(10)[::-2], np.full(5, 9), (5,)),
        (np.asfortranarray([[1, 2], [3, 4]]), 5, (2, 2)),
    ):
        bounds = gg.binomial_bounds(successes, trials)
        one, all_ = np.broadcast_arrays(successes, trials)
        for place, found in enumerate(bounds):
            assert np.shape(found) == shape
            for index in np.ndindex(shape):
                right = gg.binomial_bounds(float(one[index]), float(all_[index]))[place]
                assert np.asarray(found)[index] == right
    for successes, trials, message in (
        ([1, 2], [1, 2, 3], r"shape \(2,\) and trials of shape \(3,\) do not broadcast"),
        ([[1, 2], [3]], 5, "successes"),
        ("18", 20, "numbers are needed, found '18'"),
        (3, 2, "found 3 of 2"),
        (-1, 2, "found -1 of 2"),
        (math.nan, 2, "found nan of 2"),
        (1, math.inf, "found 1 of inf"),
        (1j, 2, "numbers are needed"),
    ):
        with pytest.raises(ValueError, match=message):
            gg.binomial_bounds(successes, trials)


READERS: list[tuple[str, Callable[[Any], Any]]] = [
    ("isotonic", lambda x: gg.isotonic_regression(x).tolist()),
    ("isotonic weights", lambda x: gg.isotonic_regression([3, 1, 2, 5], weights=x).tolist()),
    ("binomial_bounds", lambda x: [b.tolist() for b in gg.binomial_bounds(x, 10)]),
    ("interval_table", lambda x: gg.interval_table(x, [0, 1, 0, 1], edges=[0, 4, 9]).to_rows()),
    ("fit_thresholds", lambda x: gg.fit_thresholds(x, [0, 1, 0, 1]).cuts),
    ("auc", lambda x: ev.auc(x, [0, 1, 0, 1])),
    ("bland_altman", lambda x: ev.bland_altman(x, [1, 2, 4, 3]).to_rows()),
    ("icc", lambda x: ev.intraclass_correlation(np.reshape(x, (2, 2)) if isinstance(x, list) else x)),
    ("smoothing", lambda x: gg.SavitzkyGolay(window=3, degree=1)(x).tolist()),
    ("smoothing by x", lambda x: gg.SavitzkyGolay(window=3, degree=1)([1, 5, 2, 2], x=np.sort(x)).tolist()),
]


@pytest.mark.filterwarnings("ignore::groundglass.PercentWarning")
@pytest.mark.parametrize(("name", "read"), READERS, ids=[name for name, _ in READERS])
def test_numbers_in_every_form_are_the_same_numbers(name: str, read: Callable[[Any], Any]) -> None:
    pandas = pytest.importorskip("pandas")
    plain = [1, 5, 2, 8]
    array = np.array(plain, float)
    frozen = array.copy()
    frozen.flags.writeable = False
    forms = [
        tuple(plain),
        array,
        frozen,
        np.repeat(array, 2)[::2],
        array[::-1].copy()[::-1],
        np.array(plain, np.int8),
        np.array(plain, np.uint64),
        np.array(plain, ">f8"),
        np.array(plain, np.longdouble),
        np.array(plain, object),
        np.ma.array(plain, mask=False),
    ]
    if name != "icc":
        forms += [
            pandas.Series(plain),
            pandas.Series(plain, dtype="Int64"),
            pandas.Series(plain, dtype="Float64"),
            pandas.array(plain, dtype="Int64"),
            [Decimal(x) for x in plain],
            [Fraction(x) for x in plain],
        ]
    if name not in ("icc", "smoothing"):  # which leaves float32 what it is
        forms.append([np.float32(x) for x in plain])
    expected = read(plain)
    for form in forms:
        given_form = np.reshape(form, (2, 2)) if name == "icc" else form
        assert read(given_form) == expected, type(form)


@pytest.mark.parametrize(("name", "read"), READERS[:7], ids=[name for name, _ in READERS[:7]])
def test_what_is_missing_or_no_number_is_named(name: str, read: Callable[[Any], Any]) -> None:
    pandas = pytest.importorskip("pandas")
    for missing in (
        [1.0, None, 2.0, 8.0],
        [1.0, math.nan, 2.0, 8.0],
        np.ma.array([1.0, 5.0, 2.0, 8.0], mask=[0, 1, 0, 0]),
        np.ma.array([1, 5, 2, 8], mask=[0, 1, 0, 0]),
        pandas.array([1, None, 2, 8], dtype="Int64"),
        pandas.Series([1, None, 2, 8], dtype="Float64"),
        np.array([1, 10**400, 2, 8], dtype=object),
    ):
        with pytest.raises(ValueError, match=r"nan|finite|largest float|2\^53"):
            read(missing)
    for wrong in (
        ["1", "5", "2", "8"],
        [1, "5", 2, 8],
        np.array(["1", "5", "2", "8"]),
        [1, 5j, 2, 8],
        np.array(["2020-01-01"] * 4, "datetime64[D]"),
        [2**53 + 1, 5, 2, 8],
        np.array([2**63 - 1, 5, 2, 8]),
        [[1], [5, 2], 8, 1],
        object(),
    ):
        with pytest.raises(ValueError, match=r"numbers are needed|2\^53|sequence|dimension"):
            read(wrong)


@pytest.mark.filterwarnings("ignore::groundglass.PercentWarning")
def test_labels_in_every_form_are_the_same_labels() -> None:
    pandas = pytest.importorskip("pandas")
    scores, plain = [1.0, 5.0, 2.0, 8.0], [0, 1, 0, 1]
    expected = ev.auc(scores, plain)
    for labels in (
        [False, True, False, True],
        np.array(plain, np.int8),
        np.array(plain, float)[::-1][::-1],
        np.array(plain, object),
        np.ma.array(plain, mask=False),
        pandas.array(plain, dtype="Int64"),
        pandas.Series([False, True, False, True], dtype="boolean"),
        [Decimal(x) for x in plain],
    ):
        assert ev.auc(scores, labels) == expected, type(labels)
    named = ["a", 1, "a", 1]  # numpy alone would take the 1 for a name
    assert ev.auc(scores, named, positive=1) == expected
    assert ev.kappa(named, named, classes=["a", 1]).value == 1
    assert gg.fit_thresholds(scores, named, order=["a", 1]).classes == ("a", "1")
    for missing in (
        np.ma.array(plain, mask=[0, 1, 0, 0]),
        pandas.array([0, None, 0, 1], dtype="Int64"),
        pandas.Series([False, None, False, True], dtype="boolean"),
        [0, None, 0, 1],
    ):
        with pytest.raises(ValueError, match="index 1 is missing"):
            ev.auc(scores, missing)
        with pytest.raises(ValueError, match="index 1 is missing"):
            ev.confusion_matrix(missing, plain)
    with pytest.raises(ValueError, match="0 and 1 are needed, found 2"):
        ev.auc(scores, pandas.array([0, 1, 2, 1], dtype="Int64"))
    with pytest.raises(ValueError, match=r"\[1\] at index 1 is no class"):
        ev.kappa(np.array([0, [1], 0, 1], dtype=object), plain)


def test_a_class_of_any_size_is_a_class_or_refused() -> None:
    fractions = [0.1, 0.2, 0.3, 0.4]
    for large in (10**12, 2**63, 2**64 - 1):
        classes = np.array([0, 1, large, large], dtype=np.uint64)
        fit = gg.fit_thresholds(fractions, classes)
        assert fit.classes == ("0", "1", str(large))
        with pytest.raises(ValueError, match="is not one of the classes"):
            gg.fit_thresholds(fractions, classes, order=[0, 1])
    with pytest.raises(ValueError, match="class 2 has no patient"):
        gg.fit_thresholds(fractions, [0, 1, 3, 3], order=[0, 1, 2, 3])
    with pytest.raises(ValueError, match="4096 classes"):
        ev.confusion_matrix(np.arange(5000), np.arange(5000))


def test_one_class_has_a_score_and_a_curve() -> None:
    for label, score in ((0, 0.18), (1, 1.54 / 3)):
        assert ev.brier_score([0.1, 0.2, 0.7], [label] * 3) == pytest.approx(score)
        curve = ev.calibration_curve([0.1, 0.2, 0.7], [label] * 3)
        assert set(curve.observed[curve.cases > 0]) == {label}
    with pytest.raises(ValueError, match="0 with label 1"):
        ev.auc([0.1, 0.2, 0.7], [0] * 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gg.SavitzkyGolay(window=2**40 + 1), "must not be above"),
        (lambda: gg.SavitzkyGolay(deriv=2, delta=1e-200), "take another unit"),
        (lambda: gg.SavitzkyGolay(window=3)([0, 1, 2], x=[0, 1e-300, 1]), "can be told apart"),
        (lambda: gg.bootstrap_thresholds([1, 2, 3], [0, 1, 1], resamples=10**12), "resamples must lie in"),
        (
            lambda: ev.auc([1, 2, 3], [0, 1, 1], method="bootstrap", resamples=10**12),
            "resamples must lie in",
        ),
        (lambda: gg.fit_thresholds([1, 2, 3], [0, 1, 1], prevalence=[1e-308, 1]), "is nothing beside 1"),
        (lambda: gg.isotonic_regression([1, 2], weights=[]), "need as many weights, found 0"),
        (lambda: gg.isotonic_regression([1, 2], weights=[1, 5e-324 / 2]), "weights must be above 0"),
        (
            lambda: gg.IntervalTable.from_counts([2**62] * 2, [1, 1], edges=[0, 0.5, 1]),
            r"add up to more than 2\^53",
        ),
    ],
)
def test_sizes_that_no_memory_or_time_has_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
