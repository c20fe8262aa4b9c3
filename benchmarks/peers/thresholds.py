"""Cuts between three ordered classes, on the published grid and exact."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from harness import Case, Peers

import groundglass as gg

GRID = np.arange(1000) / 1000


def cohort(patients: int) -> tuple[Any, Any]:
    random = np.random.default_rng(11)
    classes = random.choice(3, patients, p=[0.5, 0.25, 0.25])
    return np.clip(random.gamma(1.2, np.array([0.02, 0.04, 0.11])[classes]), 0, 0.999), classes


def by_numpy(values: Any, classes: Any) -> tuple[float, float]:
    """Sorted shares below each grid point, then running maxima from the right."""
    a, b, c = (
        np.searchsorted(np.sort(values[classes == k]), GRID, "left") / np.count_nonzero(classes == k)
        for k in range(3)
    )
    best = np.maximum.accumulate((b - c)[::-1])[::-1]
    first = int(np.argmax(a - b + best))
    return GRID[first], GRID[first + int(np.argmax((b - c)[first:]))]


def grid(patients: int) -> Peers:
    values, classes = cohort(patients)
    return {
        "groundglass": lambda: gg.fit_thresholds(values, classes, grid=1000).cuts,
        "numpy, sorted": lambda: by_numpy(values, classes),
    }


def exact(patients: int) -> Peers:
    values, classes = cohort(patients)
    return {
        "groundglass": lambda: gg.fit_thresholds(values, classes).cuts,
        "numpy sort of the classes alone": lambda: [np.sort(values[classes == k]) for k in range(3)],
    }


def same(ours: Any, theirs: Any) -> None:
    assert tuple(ours) == tuple(theirs), (ours, theirs)


SIZES = (453, 10**5, 10**6)
CASES = [
    *(
        Case(f"three classes on the grid, {n}", partial(grid, n), same, bar)
        for n, bar in zip(SIZES, (0.3, 0.2, 0.15), strict=True)
    ),
    *(
        Case(f"three classes, exact, {n}", partial(exact, n), None, bar)
        for n, bar in zip(SIZES, (None, None, 3), strict=True)
    ),
]
