"""From held-out probabilities to temperatures, and to the thresholds between which the truth lies.

Everything here works on the pixels inside the lungs, where a study is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from groundglass.training.data import CONSOLIDATION, GROUND_GLASS

FloatArray = npt.NDArray[np.float64]

BINS = 15
#: levels at which the distribution of a measured fraction is described
LEVELS = np.round(np.arange(0.05, 0.951, 0.05), 2)
#: temperatures that are considered
COLDEST, HOTTEST = 0.2, 5.0
EPSILON = 1e-6


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The pixels inside the lungs of one slice that a network had not seen.

    `infected`: probability of either kind; `consolidated`: that of consolidation given infection; `truth`:
    labels.
    """

    infected: FloatArray
    consolidated: FloatArray
    truth: npt.NDArray[np.uint8]

    @staticmethod
    def of(p: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8]) -> HeldOut:
        """From probabilities (4, H, W) and labels (H, W)."""
        inside = labels > 0
        infected = (p[0] + p[1])[inside].astype(np.float64)
        consolidated = p[1][inside] / np.maximum(infected, EPSILON)
        return HeldOut(infected, np.clip(consolidated, 0, 1), labels[inside])

    @property
    def is_infected(self) -> npt.NDArray[np.bool_]:
        """Ground glass or consolidation by the labels."""
        result: npt.NDArray[np.bool_] = (self.truth == GROUND_GLASS) | (self.truth == CONSOLIDATION)
        return result

    def cooled(self, temperature: float) -> FloatArray:
        """Probability of infection after division of its logit by `temperature`."""
        return cool(self.infected, temperature)


def cool(p: FloatArray, temperature: float) -> FloatArray:
    """sigmoid(logit(p) / temperature)."""
    p = np.clip(p, EPSILON, 1 - EPSILON)
    result: FloatArray = 1.0 / (1.0 + ((1.0 - p) / p) ** (1.0 / temperature))
    return result


def _entropy(p: FloatArray, truth: npt.NDArray[np.bool_]) -> float:
    p = np.clip(p, EPSILON, 1 - EPSILON)
    return float(-np.log(np.where(truth, p, 1.0 - p)).mean())


def _minimise(f: Callable[[float], float]) -> float:
    """Golden-section search for the least value over log temperature; `f` has one minimum."""
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    low, high = np.log(COLDEST), np.log(HOTTEST)
    while high - low > 1e-3:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if f(float(np.exp(a))) < f(float(np.exp(b))):
            high = b
        else:
            low = a
    return float(np.exp((low + high) / 2))


def fit_temperature(slices: Sequence[HeldOut]) -> float:
    """The temperature of the infection logit of least cross entropy, every slice counting the same.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    return _minimise(lambda t: float(np.mean([_entropy(s.cooled(t), s.is_infected) for s in slices])))


def fit_conditional_temperature(slices: Sequence[HeldOut]) -> float:
    """The same of the consolidation logit, over the truly infected pixels of all slices."""
    p = np.concatenate([s.consolidated[s.is_infected] for s in slices])
    truth = np.concatenate([s.truth[s.is_infected] for s in slices]) == CONSOLIDATION
    return _minimise(lambda t: _entropy(cool(p, t), truth))


def reliability(p: FloatArray, truth: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Mean probability, share of truth and number of pixels in 15 bins of equal width, and their ECE."""
    bins = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    filled = np.maximum(count, 1)
    confidence = np.bincount(bins, p, minlength=BINS) / filled
    share = np.bincount(bins, truth.astype(np.float64), minlength=BINS) / filled
    ece = float((count * np.abs(confidence - share)).sum() / count.sum())
    return {
        "confidence": [round(float(x), 4) for x in confidence],
        "share": [round(float(x), 4) for x in share],
        "count": [int(x) for x in count],
        "ece": round(ece, 5),
    }


def threshold_of_truth(p: FloatArray, area: int) -> float:
    """The threshold t at which as many pixels have p >= t as are truly infected; 1 where none is."""
    if area == 0:
        return 1.0
    return float(np.partition(p, len(p) - area)[len(p) - area])


def volume_quantiles(thresholds: Sequence[float]) -> FloatArray:
    """The threshold for each of :data:`LEVELS`, descending.

    With probability `level`, the true area is at most the area measured at its threshold.

    Thresholded areas are nested, so quantiles of the slices' thresholds of truth are what conformal
    prediction with nested sets asks for (Gupta, Kuchibhotla & Ramdas, Pattern Recognition 2022); the plotting
    position k / (n + 1) is its correction for finite samples.
    """
    result: FloatArray = np.quantile(np.asarray(thresholds), 1.0 - LEVELS, method="weibull")
    return result


def cooled_map(p: npt.NDArray[np.float32], calibration: Mapping[str, Any]) -> npt.NDArray[np.float32]:
    """Probabilities (4, H, W) after both temperatures of :func:`fit`; lung keeps its share of the rest."""
    infected = (p[0] + p[1]).astype(np.float64)
    conditional = cool(
        np.clip(p[1] / np.maximum(infected, EPSILON), 0, 1), calibration["conditional_temperature"]
    )
    new = cool(infected, calibration["temperature"])
    rest = (1.0 - new) / np.maximum(1.0 - infected, EPSILON)
    return np.stack([new * (1.0 - conditional), new * conditional, p[2] * rest, p[3] * rest]).astype(
        np.float32
    )


def fit(held_out: Sequence[HeldOut]) -> dict[str, Any]:
    """What a model's contract holds: temperatures, and the threshold of each level after them."""
    temperature, thresholds = _fit(held_out)
    return {
        "temperature": round(temperature, 4),
        "conditional_temperature": round(fit_conditional_temperature(held_out), 4),
        "volume_quantiles": {
            "levels": [float(x) for x in LEVELS],
            "thresholds": [round(float(x), 5) for x in thresholds],
        },
    }


def check(members: Sequence[Sequence[HeldOut]], fold_of: Sequence[int]) -> dict[str, Any]:
    """What the calibration is worth: every slice gets the temperatures and thresholds of the other folds.

    `members` are networks on the same slices, of which the mean probability and the mean threshold of each
    level are taken, as a study's are. ``interval`` tells how often the central 90 % interval of a slice's
    infected fraction holds the truth.
    """
    before, after, truths, bounds = [], [], [], []
    for fold in sorted(set(fold_of)):
        fits = [_fit([s for s, f in zip(slices, fold_of, strict=True) if f != fold]) for slices in members]
        high, low = np.mean([(q[0], q[-1]) for _, q in fits], axis=0)
        for k in (k for k, f in enumerate(fold_of) if f == fold):
            slices = [member[k] for member in members]
            p = np.mean([s.cooled(t) for s, (t, _) in zip(slices, fits, strict=True)], axis=0)
            before.append(np.mean([s.infected for s in slices], axis=0))
            after.append(p)
            truths.append(slices[0].is_infected)
            bounds.append((float((p >= high).mean()), float((p >= low).mean())))
    fractions = [float(t.mean()) for t in truths]
    inside = [lower <= x <= upper for x, (lower, upper) in zip(fractions, bounds, strict=True)]
    truth = np.concatenate(truths)
    return {
        "reliability_before": reliability(np.concatenate(before), truth),
        "reliability_after": reliability(np.concatenate(after), truth),
        "interval": {
            "nominal": round(float(LEVELS[-1] - LEVELS[0]), 2),
            "coverage": round(float(np.mean(inside)), 4),
            "slices": len(inside),
            "mean_width_points": round(100 * float(np.mean([high - low for low, high in bounds])), 2),
            "mean_fraction_percent": round(100 * float(np.mean(fractions)), 2),
        },
    }


def _fit(slices: Sequence[HeldOut]) -> tuple[float, FloatArray]:
    """Temperature, and threshold per level after it."""
    temperature = fit_temperature(slices)
    truths = [threshold_of_truth(s.cooled(temperature), int(s.is_infected.sum())) for s in slices]
    return temperature, volume_quantiles(truths)
