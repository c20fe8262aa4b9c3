"""What is drawn equals the data."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import groundglass as gg
from groundglass import evaluation
from groundglass.statistics import fit_thresholds, interval_table
from groundglass.statistics.threshold_surface import threshold_surface
from small_study import result

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.colors import to_hex  # noqa: E402

from groundglass import plotting  # noqa: E402

ORDER = ["mild", "moderate", "severe"]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def cohort(seed: int = 0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    sizes, medians = (60, 30, 20), (0.012, 0.035, 0.1)
    values = np.concatenate(
        [m * np.exp(0.8 * rng.standard_normal(n)) for n, m in zip(sizes, medians, strict=True)]
    )
    return np.minimum(values, 0.9), np.repeat(ORDER, sizes)


def step(ax: Any, label: str) -> Any:
    """The one artist with a label."""
    found = [artist for artist in ax.get_children() if artist.get_label() == label]
    assert len(found) == 1, [artist.get_label() for artist in ax.get_children()]
    return found[0]


def legend(ax: Any) -> str:
    return "\n".join(text.get_text() for text in ax.get_legend().get_texts())


def test_every_function_returns_the_axes_that_it_was_given() -> None:
    values, classes = cohort()
    severe = classes == "severe"
    fit = fit_thresholds(values, classes, order=ORDER)
    drawn = {
        "interval_probability": (interval_table(values, severe),),
        "slice_profile": (result(),),
        "threshold_objective": (fit, values, classes),
        "roc": (values, severe),
        "reliability": (evaluation.calibration_curve(np.minimum(values * 4, 1), severe),),
        "bland_altman": (evaluation.bland_altman(values, values + 0.01),),
        "violin": (values, classes),
        "paired_change": (values, values + 0.01),
        "trajectories": (classes, np.arange(values.size), values),
    }
    assert sorted(drawn) == sorted(plotting.__all__)
    for name, arguments in drawn.items():
        _, ax = plt.subplots()
        assert getattr(plotting, name)(*arguments, ax=ax) is ax
        assert ax.get_xlabel() or name == "violin"
        assert ax.get_ylabel(), name
        assert getattr(plotting, name)(*arguments) is not ax


def test_intervals_are_steps_with_their_bounds() -> None:
    values, classes = cohort()
    table = interval_table(values, classes == "severe")
    ax = plotting.interval_probability(table)
    line = step(ax, "probability").get_data()
    np.testing.assert_array_equal(line.values, table.probability)
    np.testing.assert_array_equal(line.edges, table.edges)
    band = step(ax, "95 % bounds").get_data()
    held = table.positive + table.negative > 0
    np.testing.assert_array_equal(band.values[held], table.upper[held])
    np.testing.assert_array_equal(band.baseline[held], table.lower[held])
    assert np.isnan(band.values[~held]).all()
    unknown = step(ax, "no patient").get_data()
    np.testing.assert_array_equal(np.isnan(unknown.values), held)
    assert ax.get_xlim() == (0, table.edges[np.flatnonzero(held)[-1] + 1])


def test_ticks_of_fractions_are_percent() -> None:
    values, classes = cohort()
    ax = plotting.interval_probability(interval_table(values, classes == "severe"))
    assert ax.xaxis.get_major_formatter()(0.25, 0).startswith("25")
    assert "%" in ax.get_xlabel()


def test_the_profile_is_stacked_in_percent_of_the_slice() -> None:
    found = result()
    line = np.linspace(0, 1, len(found.profile))
    ax = plotting.slice_profile(found, smoothed=line)
    held = [row for row in found.profile if row.lung_ml > 0]
    assert len(held) < len(found.profile)
    top = next(artist for artist in ax.get_lines() if to_hex(artist.get_color()) == "#000000")
    np.testing.assert_array_equal(top.get_xdata(), [row.position_mm for row in held])
    np.testing.assert_allclose(top.get_ydata(), [row.opacity_percent for row in held], rtol=1e-12)
    smoothed = step(ax, "smoothed").get_ydata()
    np.testing.assert_array_equal(smoothed, line[[row.lung_ml > 0 for row in found.profile]])
    assert "mm" in ax.get_xlabel()
    assert plotting.slice_profile(found.profile).get_xlim() == ax.get_xlim()
    with pytest.raises(ValueError, match="one percentage a slice"):
        plotting.slice_profile(found, smoothed=[1.0, 2.0])


@pytest.mark.parametrize("goal", ["mean_recall", "accuracy", "linear_kappa", "quadratic_kappa"])
def test_the_objective_of_two_cuts_is_highest_at_the_fit(goal: Any) -> None:
    values, classes = cohort()
    fit = fit_thresholds(values, classes, order=ORDER, goal=goal)
    ax = plotting.threshold_objective(fit, values, classes, resolution=60)
    mesh = ax.collections[0]
    drawn = mesh.get_array()
    assert np.nanmax(drawn) <= fit.objective + 1e-12
    assert np.nanmax(drawn) > fit.objective - 0.1
    places = np.linspace(*ax.get_xlim(), 60)
    i, j = 20, 45
    first, second = places[i], places[j]
    assigned = np.digitize(values, [first, second])
    if goal == "accuracy":
        expected = np.mean(np.array(ORDER)[assigned] == classes)
    elif goal == "mean_recall":
        expected = np.mean([np.mean(assigned[classes == name] == k) for k, name in enumerate(ORDER)])
    else:
        true = [ORDER.index(name) for name in classes]
        weights = goal.removesuffix("_kappa")
        expected = evaluation.kappa(true, assigned, classes=[0, 1, 2], weights=weights).value
    assert drawn.reshape(60, 60)[j, i] == pytest.approx(expected, abs=1e-12)
    assert np.ma.getmaskarray(drawn).reshape(60, 60)[i, j]
    cross = next(line for line in ax.get_lines() if line.get_marker() == "P")
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == fit.cuts


def test_the_objective_of_one_cut_is_exact_and_shows_its_plateau() -> None:
    values, classes = cohort()
    severe = np.where(classes == "severe", "yes", "no")
    fit = fit_thresholds(values, severe, order=["no", "yes"])
    ax = plotting.threshold_objective(fit, values, severe)
    curve = step(ax, "Mean recall").get_data()
    assert curve.values.max() == pytest.approx(fit.objective, abs=1e-12)
    for place in (3, 40, 90):
        cut = (curve.edges[place] + curve.edges[place + 1]) / 2
        recall = (np.mean(values[severe == "no"] < cut) + np.mean(values[severe == "yes"] >= cut)) / 2
        assert curve.values[place] == pytest.approx(recall, abs=1e-12)
    shade = step(ax, "equally good").get_window_extent(ax.figure.canvas.get_renderer())
    start, stop = ax.transData.inverted().transform([(shade.x0, 0), (shade.x1, 0)])[:, 0]
    assert (start, stop) == pytest.approx(fit.plateaus[0][0])
    assert start <= fit.cuts[0] <= stop


def test_an_objective_is_drawn_only_of_the_data_that_was_fitted() -> None:
    values, classes = cohort()
    fit = fit_thresholds(values, classes, order=ORDER)
    with pytest.raises(ValueError, match="give the values, classes, prevalence and costs of the fit"):
        plotting.threshold_objective(fit, *cohort(1))
    with pytest.raises(ValueError, match="no class of the fit"):
        plotting.threshold_objective(fit, values, np.where(classes == "mild", "other", classes))
    shares = {"mild": 0.7, "moderate": 0.2, "severe": 0.1}
    weighted = fit_thresholds(values, classes, order=ORDER, prevalence=shares)
    threshold_surface(weighted, values, classes, prevalence=shares)
    costs = [[0, 1, 4], [2, 0, 1], [9, 3, 0]]
    costly = fit_thresholds(values, classes, order=ORDER, goal="cost", costs=costs)
    threshold_surface(costly, values, classes, costs=costs)
    four = np.where(values > 0.2, "worst", classes)
    many = fit_thresholds(values, four, order=[*ORDER, "worst"])
    with pytest.raises(ValueError, match="one cut or two"):
        plotting.threshold_objective(many, values, four)


def test_the_roc_curve_and_its_area_are_those_of_the_evaluation() -> None:
    values, classes = cohort()
    ax = plotting.roc(values, classes, positive="severe", label="opacity")
    curve = evaluation.roc_curve(values, classes, positive="severe")
    line = next(line for line in ax.get_lines() if str(line.get_label()).startswith("opacity"))
    np.testing.assert_array_equal(line.get_xdata(), curve.false_positive_rate)
    np.testing.assert_array_equal(line.get_ydata(), curve.true_positive_rate)
    area = evaluation.auc(values, classes, positive="severe")
    assert f"{area.value:.3f} (95 %: {area.lower:.3f}–{area.upper:.3f})" in legend(ax)


def test_reliability_leaves_empty_bins_out() -> None:
    values, classes = cohort()
    found = evaluation.calibration_curve(np.minimum(values * 4, 1), classes, positive="severe")
    ax = plotting.reliability(found)
    points = step(ax, "observed").get_offsets()
    held = found.cases > 0
    np.testing.assert_allclose(points[:, 0], found.predicted[held])
    np.testing.assert_allclose(points[:, 1], found.observed[held])
    bounds = next(found for found in ax.containers if found.get_label() == "95 % bounds")
    bars = bounds.lines[2][0].get_segments()
    for bar, lower, upper in zip(bars, found.lower[held], found.upper[held], strict=True):
        assert bar[:, 1] == pytest.approx([lower, upper])
    assert f"{found.brier:.3f}" in ax.get_title()


def test_bland_altman_draws_cases_bias_and_limits() -> None:
    values, _ = cohort()
    found = evaluation.bland_altman(values * 1.1, values)
    ax = plotting.bland_altman(found, percent=True)
    points = ax.collections[0].get_offsets()
    np.testing.assert_allclose(points, np.column_stack([found.means, found.differences]))
    lines = [line.get_ydata()[0] for line in ax.get_lines()]
    assert lines[:3] == [found.upper_limit.value, found.bias.value, found.lower_limit.value]
    assert "%" in ax.get_ylabel()
    assert "(ml)" in plotting.bland_altman(found, unit="ml").get_xlabel()


def test_violins_hold_their_patients_and_the_cuts() -> None:
    values, classes = cohort()
    fit = fit_thresholds(values, classes, order=ORDER)
    ax = plotting.violin(values, classes, cuts=fit)
    assert [tick.get_text().split("\n")[0] for tick in ax.get_xticklabels()] == ORDER
    cuts = [line.get_ydata()[0] for line in ax.get_lines() if line.get_linestyle() == "--"]
    assert cuts == list(fit.cuts)
    scattered = [c for c in ax.collections if len(c.get_offsets()) in (60, 30, 20)]
    for name, points in zip(ORDER, scattered, strict=True):
        np.testing.assert_array_equal(points.get_offsets()[:, 1], values[classes == name])
    assert len(plotting.violin(values, classes, cuts=[0.02]).get_lines()) == 1
    empty = plotting.violin(values, classes, order=[*ORDER, "worst"])
    assert "n = 0" in empty.get_xticklabels()[-1].get_text()
    with pytest.raises(ValueError, match="severe"):
        plotting.violin(values, classes, order=ORDER[:2])


def test_importing_the_package_does_not_import_matplotlib() -> None:
    code = "import sys, groundglass, groundglass.plotting; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_matplotlib_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    values, classes = cohort()
    with pytest.raises(ImportError, match=r"groundglass\[report\]"):
        plotting.violin(values, classes)


def test_published_cuts_can_be_drawn() -> None:
    ax = plotting.violin([0.01, 0.03, 0.1], ["A", "B", "C"], cuts=gg.Thresholds.published())
    assert "1.80 %" in legend(ax)
