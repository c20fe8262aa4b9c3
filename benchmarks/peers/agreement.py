"""Two raters, and a score against the truth."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from harness import Case, Peers

from groundglass import evaluation


def kappa(cases: int) -> Peers:
    random = np.random.default_rng(6)
    one = random.integers(0, 5, cases)
    other = np.where(random.random(cases) < 0.7, one, random.integers(0, 5, cases))

    def by_numpy() -> float:
        table = np.bincount(one * 5 + other, minlength=25).reshape(5, 5) / cases
        weights = np.square(np.subtract.outer(np.arange(5), np.arange(5)))
        return float(1 - (weights * table).sum() / (weights * np.outer(table.sum(1), table.sum(0))).sum())

    def by_sklearn() -> float:
        from sklearn.metrics import cohen_kappa_score

        return float(cohen_kappa_score(one, other, weights="quadratic"))

    return {
        "groundglass": lambda: evaluation.kappa(one, other, weights="quadratic").value,
        "numpy bincount": by_numpy,
        "scikit-learn": by_sklearn,
    }


def named(cases: int) -> Peers:
    random = np.random.default_rng(6)
    names = np.array(["CT-0", "CT-1", "CT-2", "CT-3", "CT-4"], dtype=object)
    one, other = names[random.integers(0, 5, cases)], names[random.integers(0, 5, cases)]

    def by_sklearn() -> float:
        from sklearn.metrics import cohen_kappa_score

        return float(cohen_kappa_score(one, other))

    return {"groundglass": lambda: evaluation.kappa(one, other).value, "scikit-learn": by_sklearn}


def auc(cases: int, resamples: int) -> Peers:
    random = np.random.default_rng(4)
    truth = random.random(cases) < 0.2
    score = random.normal(truth.astype(float), 1.0)
    ones, zeros = score[truth], score[~truth]

    def by_scipy() -> Any:
        from scipy import stats

        def area(a: Any, b: Any, axis: int = -1) -> Any:
            ranks = stats.rankdata(np.concatenate([a, b], -1), axis=-1)[..., : a.shape[-1]]
            n = a.shape[-1]
            return (ranks.sum(-1) - n * (n + 1) / 2) / (n * b.shape[-1])

        found = stats.bootstrap((ones, zeros), area, n_resamples=resamples, method="percentile", rng=random)
        return found.confidence_interval.low, found.confidence_interval.high

    def ours() -> Any:
        found = evaluation.auc(score, truth, method="bootstrap", resamples=resamples)
        return found.lower, found.upper

    return {"groundglass": ours, "scipy bootstrap": by_scipy}


def delong(cases: int) -> Peers:
    from scipy import stats

    random = np.random.default_rng(4)
    truth = random.random(cases) < 0.2
    score = random.normal(truth.astype(float), 1.0)
    ones, zeros = score[truth], score[~truth]

    def by_numpy() -> float:
        full = stats.rankdata(np.concatenate([ones, zeros]))
        above = (full[: ones.size] - stats.rankdata(ones)) / zeros.size
        below = 1 - (full[ones.size :] - stats.rankdata(zeros)) / ones.size
        spread = np.sqrt(above.var(ddof=1) / ones.size + below.var(ddof=1) / zeros.size)
        return float(above.mean() - stats.norm.ppf(0.975) * spread)

    return {"groundglass": lambda: evaluation.auc(score, truth).lower, "numpy, by hand": by_numpy}


def near(tolerance: float) -> Any:
    return lambda ours, theirs: np.testing.assert_allclose(ours, theirs, atol=tolerance)


CASES = [
    *(
        Case(f"weighted kappa, {n}", partial(kappa, n), near(1e-12), bar)
        for n, bar in ((99, None), (10**6, 0.7))
    ),
    Case("kappa of named classes, 10^6", partial(named, 10**6), near(1e-12)),
    Case("AUC, 2000 resamples of 453", partial(auc, 453, 2000), near(0.02), 0.04),
    Case("AUC by DeLong, 453", partial(delong, 453), near(1e-9), 0.09),
]
