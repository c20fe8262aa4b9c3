"""The objective of a threshold fit over all places of its cuts, for pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from groundglass import _core
from groundglass._core import ThresholdFit
from groundglass.statistics.cases import Shares

__all__ = ["ThresholdSurface", "threshold_surface"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ThresholdSurface:
    """`groups` are the sorted values of each class; the rest is the goal, as the fit had it."""

    groups: tuple[Floats, ...]
    goal: str
    shares: Floats
    costs: Floats | None

    @property
    def lowest(self) -> float:
        """Of all values."""
        return float(min(group[0] for group in self.groups))

    @property
    def highest(self) -> float:
        """Of all values."""
        return float(max(group[-1] for group in self.groups))

    def __call__(self, *cuts: Floats) -> Floats:
        """The objective for ascending cuts, all of one shape."""
        shape, classes = cuts[0].shape, len(self.groups)
        tables = np.empty((classes, classes, *shape), np.uintp)
        for row, group in zip(tables, self.groups, strict=True):
            below = [np.searchsorted(group, cut, side="left") for cut in cuts]
            row[:] = np.diff([np.zeros(shape, np.intp), *below, np.full(shape, group.size)], axis=0)
        values = _core.threshold_objective(
            np.moveaxis(tables.reshape(classes, classes, -1), -1, 0),
            goal=self.goal,
            prevalence=self.shares.tolist(),
            costs=[] if self.costs is None else self.costs.tolist(),
        )
        return values.reshape(shape)

    def curve(self) -> tuple[Floats, Floats]:
        """The steps of one cut: edges, and the objective between them."""
        inner = np.unique(np.concatenate(self.groups))
        margin = 0.02 * (inner[-1] - inner[0])
        # a value equal to the cut belongs above, so the objective is constant on (edge, next edge]
        return np.concatenate([[inner[0] - margin], inner, [inner[-1] + margin]]), self(
            np.append(inner, inner[-1] + margin)
        )

    def picture(self, resolution: int) -> tuple[Floats, Floats]:
        """Places, and the objective of (first, second) cut at them; NaN where the second is the lower one."""
        start = min(0.0, self.lowest) if self.lowest >= 0 else self.lowest
        stop = float(np.quantile(np.concatenate(self.groups), 0.98))
        places = np.linspace(start, stop, resolution)
        first, second = np.meshgrid(places, places, indexing="ij")
        value, ascending = np.full(first.shape, np.nan), first <= second
        value[ascending] = self(first[ascending], second[ascending])
        return places, value


def threshold_surface(
    fit: ThresholdFit,
    values: npt.ArrayLike,
    classes: npt.ArrayLike,
    *,
    prevalence: Shares | None = None,
    costs: npt.ArrayLike | None = None,
) -> ThresholdSurface:
    """The surface that `fit` is the best place of; takes what :func:`groundglass.fit_thresholds` took.

    Raises :class:`ValueError` for lengths that differ, a class that the fit does not know or that has no
    patient, and where the objective at the fitted cuts is not the fit's: it was fitted to something else.
    """
    numbers = np.asarray(values, dtype=np.float64)
    names = [str(name) for name in np.asarray(classes).tolist()]
    if numbers.shape != (len(names),):
        raise ValueError(f"threshold_surface: {numbers.size} values and {len(names)} classes")
    known = list(fit.classes)
    groups = tuple(np.sort(numbers[[name == one for name in names]]) for one in known)
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"threshold_surface: {unknown[0]!r} is no class of the fit ({', '.join(known)})")
    for name, group in zip(known, groups, strict=True):
        if not group.size:
            raise ValueError(f"threshold_surface: class {name} has no patient")
    if isinstance(prevalence, Mapping):
        prevalence = [{str(key): share for key, share in prevalence.items()}[name] for name in known]
    if prevalence is None:
        prevalence = [1.0 if fit.goal == "mean_recall" else float(group.size) for group in groups]
    shares = np.asarray(prevalence, dtype=np.float64)
    table = None if costs is None else np.asarray(costs, dtype=np.float64)
    surface = ThresholdSurface(groups, fit.goal, shares / shares.sum(), table)
    here = float(surface(*(np.array([cut]) for cut in fit.cuts))[0])
    if not np.isclose(here, fit.objective, rtol=0, atol=1e-9):
        raise ValueError(
            f"threshold_surface: the {fit.goal} of these patients is {here:.4f} at the fitted cuts, "
            f"that of the fit {fit.objective:.4f}; give the values, classes, prevalence and costs of the fit"
        )
    return surface
