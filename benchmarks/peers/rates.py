"""Proportions and probabilities of a cohort: bounds, interval tables, isotonic regression."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from harness import Case, Peers

import groundglass as gg


def close(ours: Any, theirs: Any) -> None:
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def counts(bins: int) -> tuple[Any, Any]:
    """As of a table of intervals: up to 200 patients in each."""
    random = np.random.default_rng(3)
    trials = random.integers(1, 200, bins)
    return random.binomial(trials, random.random(bins)), trials


def distinct(bins: int) -> tuple[Any, Any]:
    """No pair twice, of as few patients as can be; none or all positive nowhere: there the definitions
    differ."""
    most = int(np.sqrt(2 * bins)) + 3
    trials, hits = np.tril_indices(most, -1)
    inner = hits > 0
    return hits[inner][:bins], trials[inner][:bins]


def wilson(bins: int) -> Peers:
    hits, trials = counts(bins)

    def by_statsmodels() -> Any:
        from statsmodels.stats.proportion import proportion_confint

        return proportion_confint(hits, trials, method="wilson")

    return {"groundglass": lambda: gg.binomial_bounds(hits, trials), "statsmodels": by_statsmodels}


def jeffreys(bins: int) -> Peers:
    from scipy.special import betaincinv

    hits, trials = distinct(bins)
    return {
        "groundglass": lambda: gg.binomial_bounds(hits, trials, method="jeffreys"),
        "scipy.special": lambda: tuple(
            betaincinv(hits + 0.5, trials - hits + 0.5, tail) for tail in (0.025, 0.975)
        ),
    }


def isotonic(shape: str, patients: int) -> Peers:
    random = np.random.default_rng(5)
    place = np.arange(patients)
    values = {
        "rising, with noise": place / patients + 0.1 * random.standard_normal(patients),
        "noise alone": random.standard_normal(patients),
        "0 and 1": (random.random(patients) < place / patients).astype(float),
    }[shape]

    def by_sklearn() -> Any:
        from sklearn.isotonic import isotonic_regression

        return isotonic_regression(values)

    return {"groundglass": lambda: gg.isotonic_regression(values), "scikit-learn": by_sklearn}


def table(patients: int) -> Peers:
    random = np.random.default_rng(8)
    fractions = np.clip(random.gamma(1.2, 0.08, patients), 0, 1)
    labels = random.random(patients) < fractions
    edges = np.arange(101) / 100

    def by_numpy() -> Any:
        return [np.histogram(fractions[labels == one], edges)[0] for one in (True, False)]

    def ours() -> Any:
        found = gg.interval_table(fractions, labels)
        return [[row.positive for row in found.rows], [row.negative for row in found.rows]]

    return {"groundglass": ours, "numpy histogram": by_numpy}


CASES = [
    *(Case(f"Wilson bounds, {n}", partial(wilson, n), close, bar) for n, bar in ((99, None), (10**6, 0.2))),
    *(
        Case(f"Jeffreys bounds, {n}, all different", partial(jeffreys, n), close, bar)
        for n, bar in ((99, 0.9), (200_000, 0.5))
    ),
    *(
        Case(
            f"isotonic regression, {shape}, 10^6",
            partial(isotonic, shape, 10**6),
            lambda a, b: close([a], [b]),
            0.5,
        )
        for shape in ("rising, with noise", "noise alone", "0 and 1")
    ),
    *(
        Case(f"interval table, {n}", partial(table, n), lambda a, b: close(a, b), bar)
        for n, bar in ((453, None), (10**6, 1.5))
    ),
]
