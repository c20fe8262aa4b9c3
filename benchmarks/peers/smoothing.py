"""The Savitzky-Golay filter."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from harness import Case, Peers
from scipy.signal import savgol_coeffs, savgol_filter

import groundglass as gg


def series(length: int) -> Any:
    random = np.random.default_rng(7)
    return np.exp(-np.linspace(0, 6, length)) + 0.05 * random.standard_normal(length)


def by_scipy(length: int, window: int, degree: int) -> Peers:
    x, stage = series(length), gg.SavitzkyGolay(window=window, degree=degree)
    return {"groundglass": lambda: stage(x), "scipy": lambda: savgol_filter(x, window, degree)}


def by_numpy(length: int, window: int, degree: int) -> Peers:
    x, stage = series(length), gg.SavitzkyGolay(window=window, degree=degree)
    weights = savgol_coeffs(window, degree)
    return {
        "groundglass": lambda: stage(x),
        "numpy convolve, weights given": lambda: np.convolve(x, weights, "same"),
    }


def inside(window: int, tolerance: float) -> Any:
    """The ends, which numpy does not fit, aside; scipy's own weights of a degree of 15 are off by 1e-7."""

    def same(ours: Any, theirs: Any) -> None:
        half = window // 2
        np.testing.assert_allclose(ours[half:-half], theirs[half:-half], atol=tolerance)

    return same


SHAPES = ((7, 1, 1e-12), (17, 15, 1e-6), (51, 3, 1e-12))
CASES = [
    *(
        Case(f"Savitzky-Golay ({w}, {d}), {n}", partial(by_scipy, n, w, d), inside(w, tolerance), bar)
        for n, bar in ((99, None), (10**6, 0.3))
        for w, d, tolerance in SHAPES
    ),
    *(
        Case(
            f"Savitzky-Golay ({w}, {d}), 1000000, convolved",
            partial(by_numpy, 10**6, w, d),
            inside(w, tolerance),
            1.0,
        )
        for w, d, tolerance in SHAPES
    ),
]
