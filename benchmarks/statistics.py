"""Statistics of a cohort: filter, bounds, thresholds and bootstrap against NumPy and SciPy.

    python benchmarks/statistics.py [--repeats 7] [--case TEXT]

The variants of a case do the same work on the same input in one process and are timed in turns; the fastest
run of each counts. Read the ratios. Answers are compared before they are timed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.signal import savgol_coeffs, savgol_filter
from scipy.special import betaincinv

import groundglass as gg

Variants = dict[str, Callable[[], Any]]


def smoothing(length: int, window: int, degree: int) -> Variants:
    random = np.random.default_rng(7)
    series = np.exp(-np.linspace(0, 6, length)) + 0.05 * random.standard_normal(length)
    stage, weights = gg.SavitzkyGolay(window=window, degree=degree), savgol_coeffs(window, degree)
    if degree < 5:
        np.testing.assert_allclose(stage(series), savgol_filter(series, window, degree), atol=1e-9)
    return {
        "groundglass": lambda: stage(series),
        "groundglass, stage made anew": lambda: gg.SavitzkyGolay(window=window, degree=degree)(series),
        "scipy savgol_filter": lambda: savgol_filter(series, window, degree),
        "numpy convolve, weights given": lambda: np.convolve(series, weights, "same"),
    }


def jeffreys(bins: int) -> Variants:
    random = np.random.default_rng(3)
    trials = random.integers(1, 200, bins)
    hits = random.binomial(trials, random.random(bins))

    def scipy_bounds() -> Any:
        return [betaincinv(hits + 0.5, trials - hits + 0.5, tail) for tail in (0.025, 0.975)]

    inner = (hits > 0) & (hits < trials)
    ours = gg.binomial_bounds(hits, trials, method="jeffreys")
    for found, expected in zip(ours, scipy_bounds(), strict=True):
        np.testing.assert_allclose(found[inner], expected[inner], atol=1e-9)
    return {
        "groundglass": lambda: gg.binomial_bounds(hits, trials, method="jeffreys"),
        "scipy betaincinv": scipy_bounds,
    }


def cohort(patients: int) -> tuple[Any, Any]:
    random = np.random.default_rng(11)
    classes = random.choice(3, patients, p=[0.5, 0.25, 0.25])
    return np.clip(random.gamma(1.2, np.array([0.02, 0.04, 0.11])[classes]), 0, 0.999), classes


def grid_by_numpy(values: Any, classes: Any) -> tuple[float, float]:
    """Sorted shares below each grid point, then running maxima from the right."""
    grid = np.arange(1000) / 1000
    a, b, c = (
        np.searchsorted(np.sort(values[classes == k]), grid, "left") / np.count_nonzero(classes == k)
        for k in range(3)
    )
    best = np.maximum.accumulate((b - c)[::-1])[::-1]
    first = int(np.argmax(a - b + best))
    return grid[first], grid[first + int(np.argmax((b - c)[first:]))]


def thresholds(patients: int) -> Variants:
    values, classes = cohort(patients)
    assert gg.fit_thresholds(values, classes, grid=1000).cuts == grid_by_numpy(values, classes)
    return {
        "groundglass, grid of 0.001": lambda: gg.fit_thresholds(values, classes, grid=1000),
        "groundglass, all real cuts": lambda: gg.fit_thresholds(values, classes),
        "numpy, grid of 0.001": lambda: grid_by_numpy(values, classes),
    }


def bootstrap(patients: int, resamples: int) -> Variants:
    values, classes = cohort(patients)

    def by_numpy() -> Any:
        random = np.random.default_rng(0)
        members = [np.flatnonzero(classes == k) for k in range(3)]
        cuts = []
        for _ in range(resamples):
            drawn = np.concatenate([random.choice(group, group.size) for group in members])
            cuts.append(grid_by_numpy(values[drawn], classes[drawn]))
        return np.percentile(cuts, [2.5, 97.5], axis=0)

    return {
        "groundglass, all real cuts": lambda: gg.bootstrap_thresholds(values, classes, resamples=resamples),
        "numpy, grid of 0.001, cuts alone": by_numpy,
    }


CASES: dict[str, Callable[[], Variants]] = {
    "Savitzky-Golay (7, 1), n = 99": lambda: smoothing(99, 7, 1),
    "Savitzky-Golay (17, 15), n = 99": lambda: smoothing(99, 17, 15),
    "Savitzky-Golay (7, 1), n = 10^6": lambda: smoothing(10**6, 7, 1),
    "Savitzky-Golay (51, 3), n = 10^6": lambda: smoothing(10**6, 51, 3),
    "Jeffreys bounds, 99": lambda: jeffreys(99),
    "Jeffreys bounds, 10^6": lambda: jeffreys(10**6),
    "thresholds of three classes, n = 453": lambda: thresholds(453),
    "thresholds of three classes, n = 10^6": lambda: thresholds(10**6),
    "bootstrap of thresholds, n = 453, 2000 resamples": lambda: bootstrap(453, 2000),
}


def fastest(variants: Variants, repeats: int) -> dict[str, float]:
    """Seconds of the fastest run of each, timed in turns; quick ones run often enough for the clock."""
    best = dict.fromkeys(variants, np.inf)
    times = {}
    for name, run in variants.items():
        start = time.perf_counter()
        run()
        times[name] = max(1, int(0.01 / max(time.perf_counter() - start, 1e-7)))
    for _ in range(repeats):
        for name, run in variants.items():
            start = time.perf_counter()
            for _ in range(times[name]):
                run()
            best[name] = min(best[name], (time.perf_counter() - start) / times[name])
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--case", default="", help="only cases whose name contains this")
    arguments = parser.parse_args()
    for case, build in CASES.items():
        if arguments.case not in case:
            continue
        print(case)
        best = fastest(build(), arguments.repeats)
        own = next(iter(best.values()))
        for name, seconds in best.items():
            print(f"  {name:34} {1e6 * seconds:12.1f} µs   {own / seconds:8.3f}")


if __name__ == "__main__":
    main()
