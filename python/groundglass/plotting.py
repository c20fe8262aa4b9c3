"""Pictures of measurements, of fits and of their quality, by matplotlib.

Each function draws on the Axes given as `ax`, or on new ones, and returns the Axes, so that titles, limits
and further lines are the caller's::

    from groundglass import plotting

    ax = plotting.interval_probability(gg.interval_table(fractions, severe))
    ax.figure.savefig("probability.png", dpi=150)

Colours are told apart by the colour-blind and in grey print; the legend names what is drawn. Fractions keep
their values of 0..1 and are labelled in percent. Raises :class:`ImportError` where matplotlib is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from groundglass import evaluation
from groundglass._core import SliceInvolvement, ThresholdFit, Thresholds
from groundglass._optional import needing
from groundglass.evaluation import BlandAltman, Calibration, Estimate
from groundglass.statistics import binomial_bounds
from groundglass.statistics.cases import Shares
from groundglass.statistics.threshold_surface import threshold_surface

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from groundglass._core import IntervalTable
    from groundglass.findings.findings import Findings

__all__ = [
    "bland_altman",
    "interval_probability",
    "paired_change",
    "reliability",
    "roc",
    "slice_profile",
    "threshold_objective",
    "trajectories",
    "violin",
]

# Okabe and Ito 2008: told apart by the colour-blind.
BLUE, ORANGE, VERMILLION, GREEN, GREY = "#0072B2", "#E69F00", "#D55E00", "#009E73", "#6B6B6B"

#: Share of a class's violin width over which its patients are scattered.
SCATTER = 0.12


def interval_probability(
    table: IntervalTable, *, label: str = "probability", color: str = BLUE, ax: Axes | None = None
) -> Axes:
    """The probability of each interval as a step, with its bounds as a band.

    Where no patient fell into an interval, nothing is known: the band is hatched, and of a table with NaN
    there the line has a gap. The axis ends behind the last interval with a patient.
    """
    ax = _axes(ax)
    edges = table.edges
    empty = (table.positive + table.negative) == 0
    ax.stairs(table.probability, edges, baseline=None, color=color, linewidth=1.8, label=label)
    level = f"{100 * table.options['level']:g} % bounds"
    lower, upper = (np.where(empty, np.nan, bound) for bound in (table.lower, table.upper))
    ax.stairs(upper, edges, baseline=lower, fill=True, color=color, alpha=0.2, linewidth=0, label=level)
    last = int(np.flatnonzero(~empty)[-1]) + 1
    if empty[:last].any():
        unknown = np.where(empty, 1.0, np.nan)
        style: dict[str, Any] = {"fill": False, "hatch": "////", "edgecolor": "#D0D0D0", "linewidth": 0}
        ax.stairs(
            unknown, edges, baseline=np.where(empty, 0.0, np.nan), label="no patient", zorder=0, **style
        )
    ax.set_xlim(edges[0], edges[last])
    ax.set_ylim(-0.02, 1.02)
    _percent(ax.xaxis)
    ax.set_xlabel("Opacity of both lungs (%)")
    ax.set_ylabel("Probability of being positive")
    return _finished(ax)


def slice_profile(
    profile: Findings | Sequence[SliceInvolvement],
    *,
    smoothed: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Ground glass and consolidation by slice, one upon the other, in percent of the slice's lung.

    `profile` is a result, or what ``gg.SliceProfile`` gives. `smoothed` is drawn as a line: percentages of
    the same slices, such as those of a ``gg.SavitzkyGolay``. Slices without lung are left out.
    """
    ax = _axes(ax)
    rows = cast("Sequence[SliceInvolvement]", getattr(profile, "profile", profile))
    lung = np.array([row.lung_ml for row in rows])
    held = lung > 0
    place = np.array([row.position_mm for row in rows])[held]
    hazy, dense = (
        100 * np.array([getattr(row, name) for row in rows])[held] / lung[held]
        for name in ("ground_glass_ml", "consolidation_ml")
    )
    ax.fill_between(place, 0, dense, color=VERMILLION, linewidth=0, label="consolidation")
    ax.fill_between(place, dense, dense + hazy, color=ORANGE, alpha=0.6, linewidth=0, label="ground glass")
    ax.plot(place, dense + hazy, color="black", linewidth=0.8)
    if smoothed is not None:
        line = np.asarray(smoothed, dtype=np.float64)
        if line.shape != lung.shape:
            raise ValueError(f"smoothed must hold one percentage a slice ({lung.size}), found {line.shape}")
        ax.plot(place, line[held], color=BLUE, linewidth=1.8, label="smoothed")
    ax.set_ylim(bottom=0)
    ax.margins(x=0)
    ax.set_xlabel("Position from feet to head (mm)")
    ax.set_ylabel("Opacity of the slice's lung (%)")
    return _finished(ax)


def threshold_objective(
    fit: ThresholdFit,
    values: npt.ArrayLike,
    classes: npt.ArrayLike,
    *,
    prevalence: Shares | None = None,
    costs: npt.ArrayLike | None = None,
    resolution: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """What a fit was best at, by place of its cuts: a curve for one cut, a picture for two.

    `values`, `classes`, `prevalence` and `costs` are those of the fit. The curve is exact; the picture has
    `resolution` places along each axis, from 0 or the lowest value to the 98th percentile. The white cross,
    or the dashed line, is at the fitted cuts; the bars through it, or the shade, are the plateau of places
    that are as good. Raises :class:`ValueError` for more than two cuts and where the data is not that of the
    fit.
    """
    ax = _axes(ax)
    if len(fit.cuts) > 2:
        raise ValueError(f"threshold_objective draws one cut or two, found {len(fit.cuts)}")
    surface = threshold_surface(fit, values, classes, prevalence=prevalence, costs=costs)
    name = fit.goal.replace("_", " ").capitalize()
    fractions = surface.lowest >= 0 and surface.highest <= 1
    axes = [ax.xaxis] if len(fit.cuts) == 1 else [ax.xaxis, ax.yaxis]
    for axis, lower, upper in zip(axes, fit.classes[:-1], fit.classes[1:], strict=True):
        if fractions:
            _percent(axis)
        axis.set_label_text(f"Cut between {lower} and {upper}" + (" (%)" if fractions else ""))
    if len(fit.cuts) == 1:
        edges, level = surface.curve()
        ax.stairs(level, edges, baseline=None, color=BLUE, linewidth=1.5, label=name)
        for place, (start, stop) in enumerate(fit.plateaus[0]):
            shade = "equally good" if place == 0 else None
            ax.axvspan(max(start, edges[0]), min(stop, edges[-1]), color=GREEN, alpha=0.25, label=shade)
        ax.axvline(
            fit.cuts[0], color="black", linestyle="--", linewidth=1.2, label=f"fitted, {fit.objective:.3f}"
        )
        ax.set_ylabel(name)
        ax.margins(x=0)
        return _finished(ax)
    places, level = surface.picture(resolution)
    drawn = ax.pcolormesh(places, places, level.T, cmap="viridis", shading="nearest", rasterized=True)
    ax.figure.colorbar(drawn, ax=ax, label=name)
    bars: dict[str, Any] = {"color": "white", "linewidth": 2.5, "solid_capstyle": "butt"}
    first, second = fit.cuts
    for start, stop in fit.plateaus[0]:
        ax.plot([max(start, places[0]), min(stop, second)], [second, second], **bars)
    for start, stop in fit.plateaus[1]:
        ax.plot([first, first], [max(start, first), min(stop, places[-1])], **bars)
    ax.plot(
        first, second, marker="P", markersize=10, color="white", markeredgecolor="black", linestyle="none"
    )
    ax.set_title(f"Best {fit.objective:.3f} at {_cut(first, fractions)} and {_cut(second, fractions)}")
    ax.set_xlim(places[0], places[-1])
    ax.set_ylim(places[0], places[-1])
    return ax


def roc(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    positive: Any = None,
    level: float = 0.95,
    label: str = "",
    color: str = BLUE,
    ax: Axes | None = None,
) -> Axes:
    """The ROC curve with its area, both with intervals: DeLong's for the area, Wilson's for each sensitivity.

    Arguments and errors are those of :func:`groundglass.evaluation.auc`.
    """
    ax = _axes(ax)
    area = evaluation.auc(scores, labels, positive=positive, level=level)
    curve = evaluation.roc_curve(scores, labels, positive=positive)
    x, y = curve.false_positive_rate, curve.true_positive_rate
    cases = float(np.count_nonzero(_positive(labels, positive)))
    lower, upper = binomial_bounds(np.rint(y * cases), np.full_like(y, cases), level=level)
    percent = f"{100 * level:g} %"
    ax.fill_between(x, lower, upper, step="post", color=color, alpha=0.15, linewidth=0)
    text = f"{label or 'area'} {area.value:.3f} ({percent}: {area.lower:.3f}–{area.upper:.3f})"
    ax.plot(x, y, drawstyle="steps-post", color=color, linewidth=1.8, label=text)
    _diagonal(ax)
    ax.set_xlabel("1 − specificity")
    ax.set_ylabel("Sensitivity")
    ax.set_aspect("equal")
    return _finished(ax, loc="lower right")


def reliability(calibration: Calibration, *, color: str = BLUE, ax: Axes | None = None) -> Axes:
    """How often came true what was predicted, bin by bin, with bounds; on the diagonal all is well.

    `calibration` is what :func:`groundglass.evaluation.calibration_curve` gives. Each point stands at its
    bin's mean prediction, its area grows with the bin's patients; empty bins are left out.
    """
    ax = _axes(ax)
    held = calibration.cases > 0
    x, y, cases = calibration.predicted[held], calibration.observed[held], calibration.cases[held]
    around = np.maximum(np.array([y - calibration.lower[held], calibration.upper[held] - y]), 0)
    _diagonal(ax, label="perfect")
    bounds = f"{100 * calibration.level:g} % bounds"
    ax.errorbar(x, y, yerr=around, fmt="none", ecolor=color, elinewidth=1.2, capsize=3, label=bounds)
    ax.plot(x, y, color=color, linewidth=0.8)
    ax.scatter(
        x, y, s=20 + 120 * cases / cases.max(), color=color, edgecolor="white", zorder=3, label="observed"
    )
    ax.set_title(f"Expected error {calibration.expected_error:.3f}, Brier {calibration.brier:.3f}")
    ax.set_xlabel("Predicted probability")
    ax.set_ylabel("Observed share of positives")
    ax.set_aspect("equal")
    return _finished(ax, loc="upper left")


def bland_altman(
    agreement: BlandAltman, *, unit: str = "", percent: bool = False, ax: Axes | None = None
) -> Axes:
    """Differences of two measurements over their mean, the bias and the limits of agreement with intervals.

    `agreement` is what :func:`groundglass.evaluation.bland_altman` gives, `unit` that of the measurements;
    `percent` labels fractions in percent.
    """
    ax = _axes(ax)
    ax.scatter(agreement.means, agreement.differences, s=14, color=GREY, alpha=0.5, linewidth=0)
    lines: tuple[tuple[str, Estimate, str], ...] = (
        ("upper limit", agreement.upper_limit, VERMILLION),
        ("bias", agreement.bias, BLUE),
        ("lower limit", agreement.lower_limit, VERMILLION),
    )
    for name, found, color in lines:
        ax.axhspan(found.lower, found.upper, color=color, alpha=0.15, linewidth=0)
        text = f"{100 * found.value:.2f} %" if percent else f"{found.value:.3g} {unit}".rstrip()
        style = "-" if name == "bias" else "--"
        ax.axhline(found.value, color=color, linestyle=style, linewidth=1.4, label=f"{name} {text}")
    ax.axhline(0, color="black", linewidth=0.6)
    if percent:
        _percent(ax.xaxis)
        _percent(ax.yaxis)
        unit = "%"
    ax.set_xlabel("Mean of both" + (f" ({unit})" if unit else ""))
    ax.set_ylabel("First − second" + (f" ({unit})" if unit else ""))
    return _finished(ax)


def paired_change(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    *,
    repeatability: float = 0.0,
    names: tuple[str, str] = ("first", "last"),
    label: str = "Value",
    ax: Axes | None = None,
) -> Axes:
    """A line for each patient from a first to a last value: risen, fallen, or within the repeatability.

    The thick line joins the medians. Raises :class:`ValueError` for lengths that differ or are 0.
    """
    ax = _axes(ax)
    pair = [np.asarray(values, dtype=np.float64) for values in (before, after)]
    if pair[0].shape != pair[1].shape or pair[0].ndim != 1 or not pair[0].size:
        raise ValueError(f"paired_change: {pair[0].size} first and {pair[1].size} last values")
    change = pair[1] - pair[0]
    groups = (
        ("more", change > repeatability, VERMILLION),
        ("less", change < -repeatability, BLUE),
        ("same", np.abs(change) <= repeatability, GREY),
    )
    for name, chosen, color in groups:
        for place, (low, high) in enumerate(zip(pair[0][chosen], pair[1][chosen], strict=True)):
            text = f"{name}, n = {np.count_nonzero(chosen)}" if place == 0 else None
            line: dict[str, Any] = {"alpha": 0.6, "linewidth": 1, "marker": "o", "markersize": 3}
            ax.plot([0, 1], [low, high], color=color, label=text, **line)
    ax.plot([0, 1], [np.median(values) for values in pair], color="black", linewidth=2.5, label="median")
    ax.set_xticks([0, 1], names)
    ax.set_xlim(-0.25, 1.25)
    ax.set_xlabel("Visit")
    ax.set_ylabel(label)
    return _finished(ax)


def trajectories(
    patients: Sequence[Any],
    days: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    lower: npt.ArrayLike | None = None,
    upper: npt.ArrayLike | None = None,
    label: str = "Value",
    color: str = BLUE,
    ax: Axes | None = None,
) -> Axes:
    """Values over days, a line for each patient, with its interval as a band where bounds are given.

    One entry a visit in all of them. Raises :class:`ValueError` for lengths that differ or are 0.
    """
    ax = _axes(ax)
    columns = [np.asarray(part, dtype=np.float64) for part in (days, values)]
    bounds = None if lower is None or upper is None else [np.asarray(b, np.float64) for b in (lower, upper)]
    keys = [str(key) for key in patients]
    if not keys or any(part.shape != (len(keys),) for part in (*columns, *(bounds or ()))):
        raise ValueError(f"trajectories: {len(keys)} patients and {columns[0].size} days")
    for key in dict.fromkeys(keys):
        chosen = np.flatnonzero([one == key for one in keys])
        chosen = chosen[np.argsort(columns[0][chosen])]
        at, value = (part[chosen] for part in columns)
        ax.plot(at, value, color=color, linewidth=1.2, marker="o", markersize=3, alpha=0.8)
        if bounds is not None:
            ax.fill_between(at, bounds[0][chosen], bounds[1][chosen], color=color, alpha=0.1, linewidth=0)
    ax.set_xlabel("Days since the first visit")
    ax.set_ylabel(label)
    return _finished(ax, legend=False)


def violin(
    values: npt.ArrayLike,
    classes: npt.ArrayLike,
    *,
    cuts: ThresholdFit | Thresholds | Sequence[float] = (),
    order: Sequence[Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The values of each class as a violin with its patients and its median, the cuts as lines across.

    `order` names the classes from left to right; without it they are those of `cuts` where it has some, else
    sorted. Raises :class:`ValueError` for lengths that differ and a class that is not in the order.
    """
    ax = _axes(ax)
    numbers = np.asarray(values, dtype=np.float64)
    names = [str(name) for name in np.asarray(classes).tolist()]
    if numbers.shape != (len(names),) or not names:
        raise ValueError(f"violin: {numbers.size} values and {len(names)} classes")
    if order is None:
        order = getattr(cuts, "classes", None)
    known = sorted(set(names)) if order is None else [str(name) for name in order]
    if missing := sorted(set(names) - set(known)):
        raise ValueError(f"violin: {missing[0]!r} is not one of the classes {', '.join(known)}")
    groups = [numbers[[name == one for name in names]] for one in known]
    places = [place for place, group in enumerate(groups) if group.size]
    drawn = ax.violinplot([groups[place] for place in places], places, widths=0.85, showextrema=False)
    for body in cast("list[Any]", drawn["bodies"]):
        body.set(facecolor=BLUE, edgecolor="none", alpha=0.25)
    rng = np.random.default_rng(0)
    for place in places:
        scatter = place + SCATTER * rng.uniform(-1, 1, groups[place].size)
        ax.scatter(scatter, groups[place], s=8, color=BLUE, alpha=0.5, linewidth=0)
        ax.hlines(np.median(groups[place]), place - 0.2, place + 0.2, color="black", linewidth=2)
    fractions = bool(numbers.min() >= 0 and numbers.max() <= 1)
    lines = cast("Sequence[float]", getattr(cuts, "cuts", cuts))
    for cut in lines:
        ax.axhline(cut, color=VERMILLION, linestyle="--", linewidth=1.4, label=f"cut {_cut(cut, fractions)}")
    ax.set_xticks(
        range(len(known)), [f"{name}\nn = {len(group)}" for name, group in zip(known, groups, strict=True)]
    )
    if fractions:
        _percent(ax.yaxis)
    ax.set_ylabel("Opacity of both lungs (%)" if fractions else "Value")
    return _finished(ax, legend=len(lines) > 0)


def _axes(ax: Axes | None) -> Axes:
    """The given Axes, or new ones of a size for page and notebook."""
    with needing("a plot", "matplotlib"):
        import matplotlib.pyplot as plt
    return plt.subplots(figsize=(6.0, 4.0), layout="constrained")[1] if ax is None else ax


def _finished(ax: Axes, *, loc: Any = "best", legend: bool = True) -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    if legend:
        ax.legend(fontsize="small", loc=loc, edgecolor="none", framealpha=0.85)
    return ax


def _percent(axis: Any) -> None:
    """Labels an axis of fractions in percent; the unit stands in its title."""
    axis.set_major_formatter(lambda value, place: f"{100 * value:g}")


def _cut(value: float, fractions: bool) -> str:
    return f"{100 * value:.2f} %" if fractions else f"{value:.4g}"


def _diagonal(ax: Axes, label: str | None = None) -> None:
    ax.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1, label=label)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)


def _positive(labels: npt.ArrayLike, positive: Any) -> npt.NDArray[np.bool_]:
    found = np.asarray(labels)
    return np.asarray(found != 0 if positive is None else found == positive, dtype=np.bool_)
