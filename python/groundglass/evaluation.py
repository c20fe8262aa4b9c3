"""How good is a score, a probability, a measurement? ROC, calibration, agreement.

Values come first, labels second; both are numpy arrays, pandas columns or lists. Results are small values
with `to_pandas()` where they are tables; the work is done in C++. Whatever can't be evaluated (NaN, a missing
class, percentages where fractions belong) is a :class:`ValueError` that names it.

::

    from groundglass import evaluation

    evaluation.auc(opacity_fraction, severe)             # 0.88 (0.83 to 0.93)
    evaluation.kappa(reader, software, classes=["CT-0", "CT-1", "CT-2", "CT-3", "CT-4"], weights="quadratic")
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from groundglass import _core
from groundglass.statistics.cases import Floats, Method, all_numbers, counts_of, labels_of, numbers, whole
from groundglass.tables import Tabular

if TYPE_CHECKING:
    import pandas

__all__ = [
    "AucComparison",
    "BlandAltman",
    "Calibration",
    "ConfusionMatrix",
    "Estimate",
    "IntraclassCorrelation",
    "PrecisionRecall",
    "RocCurve",
    "auc",
    "bland_altman",
    "brier_score",
    "calibration_curve",
    "compare_auc",
    "confusion_matrix",
    "intraclass_correlation",
    "kappa",
    "precision_recall_curve",
    "roc_curve",
]


@dataclass(frozen=True)
class Estimate:
    """A figure with the interval that holds the true one with probability `level`."""

    value: float
    lower: float
    upper: float
    level: float

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return f"{self.value:.3g} ({self.lower:.3g} to {self.upper:.3g})"

    def to_dict(self) -> dict[str, float]:
        """The figures by name."""
        return {"value": self.value, "lower": self.lower, "upper": self.upper, "level": self.level}


@dataclass(frozen=True, eq=False)
class RocCurve(Tabular):
    """Rates by threshold, the highest first; the first threshold is infinite. `auc` is the area below."""

    threshold: Floats
    false_positive_rate: Floats
    true_positive_rate: Floats
    auc: float

    def to_rows(self) -> list[dict[str, Any]]:
        """One row a threshold."""
        return _rows(
            threshold=self.threshold,
            false_positive_rate=self.false_positive_rate,
            true_positive_rate=self.true_positive_rate,
        )

    def _caption(self) -> str:
        return f"ROC curve, area {self.auc:.3f}"


@dataclass(frozen=True, eq=False)
class PrecisionRecall(Tabular):
    """Precision and recall by threshold, the highest first."""

    threshold: Floats
    precision: Floats
    recall: Floats
    average_precision: float

    def to_rows(self) -> list[dict[str, Any]]:
        """One row a threshold."""
        return _rows(threshold=self.threshold, precision=self.precision, recall=self.recall)

    def _caption(self) -> str:
        return f"Precision and recall, average precision {self.average_precision:.3f}"


@dataclass(frozen=True)
class AucComparison:
    """DeLong's test of two scores of the same cases; `difference` is first - second."""

    first: float
    second: float
    difference: Estimate
    z: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Calibration(Tabular):
    """What came true by what was predicted, one entry a bin [lower_edge, upper_edge), the last closed.

    `predicted` is the mean probability, `observed` the share of positives with its bounds; NaN in an empty
    bin. `expected_error` (ECE) is their mean distance weighted by cases, `brier` the mean squared distance of
    probability and label.
    """

    lower_edge: Floats
    upper_edge: Floats
    cases: npt.NDArray[np.int64]
    positives: npt.NDArray[np.int64]
    predicted: Floats
    observed: Floats
    lower: Floats
    upper: Floats
    level: float
    expected_error: float
    brier: float

    def to_rows(self) -> list[dict[str, Any]]:
        """One row a bin."""
        names = "lower_edge upper_edge cases positives predicted observed lower upper"
        return _rows(**{name: getattr(self, name) for name in names.split()})

    def _caption(self) -> str:
        return f"Calibration, expected error {self.expected_error:.3f}, Brier {self.brier:.3f}"


@dataclass(frozen=True, eq=False)
class BlandAltman(Tabular):
    """Agreement of two measurements in their own unit: bias, and the limits that hold `level` of differences.

    `means` and `differences` (first - second) are those of the cases, for the plot.
    """

    count: int
    bias: Estimate
    sd: float
    lower_limit: Estimate
    upper_limit: Estimate
    means: Floats
    differences: Floats

    def to_rows(self) -> list[dict[str, Any]]:
        """The bias and both limits with their intervals."""
        named = {"lower limit": self.lower_limit, "bias": self.bias, "upper limit": self.upper_limit}
        return [{"quantity": name, **found.to_dict()} for name, found in named.items()]

    def _caption(self) -> str:
        return f"Bland-Altman agreement of {self.count} cases"


@dataclass(frozen=True)
class IntraclassCorrelation(Tabular):
    """`agreement` is ICC(2,1), `consistency` ICC(3,1), with the mean squares they come from."""

    cases: int
    raters: int
    agreement: Estimate
    consistency: Estimate
    mean_square_cases: float
    mean_square_raters: float
    mean_square_error: float

    def to_rows(self) -> list[dict[str, Any]]:
        """One row a correlation."""
        named = {"ICC(2,1)": self.agreement, "ICC(3,1)": self.consistency}
        return [{"correlation": name, **found.to_dict()} for name, found in named.items()]

    def _caption(self) -> str:
        return f"Intraclass correlation of {self.cases} cases by {self.raters} raters"


@dataclass(frozen=True, eq=False)
class ConfusionMatrix(Tabular):
    """How often each true class (row) was called each class (column).

    `recalls` are the shares of each class that were called by its name; NaN for a class without cases, which
    has no part in their mean, `mean_recall`.
    """

    classes: tuple[Hashable, ...]
    counts: npt.NDArray[np.int64]
    recalls: tuple[Estimate, ...]
    accuracy: Estimate
    mean_recall: float

    def to_rows(self) -> list[dict[str, Any]]:
        """One row a true class: its counts, its cases, its recall with bounds."""
        return [
            {"class": name}
            | {f"called {called}": int(count) for called, count in zip(self.classes, counts, strict=True)}
            | {"cases": int(counts.sum())}
            | {"recall": recall.value, "lower": recall.lower, "upper": recall.upper}
            for name, counts, recall in zip(self.classes, self.counts, self.recalls, strict=True)
        ]

    def _caption(self) -> str:
        return f"Confusion matrix, accuracy {self.accuracy}, mean recall {self.mean_recall:.3g}"


def roc_curve(scores: npt.ArrayLike, labels: npt.ArrayLike, *, positive: Hashable | None = None) -> RocCurve:
    """The receiver operating characteristic, one point for every distinct score.

    `scores` speak for the positive class where they are high. `labels` are 0 and 1 or False and True; with
    `positive` any values, of which this one is positive. Raises :class:`ValueError` for lengths that differ,
    NaN, fewer than two cases, a missing class, scores that are all equal. O(n log n).
    """
    values, truth = numbers(scores, "scores"), labels_of(labels, positive)
    return RocCurve(**_core.roc_curve(values, truth))


def auc(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    positive: Hashable | None = None,
    level: float = 0.95,
    method: Literal["delong", "bootstrap"] = "delong",
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Area under the ROC curve with its interval: the probability that a positive case scores higher.

    `method` ``"delong"`` is the normal interval of DeLong et al. 1988 in O(n log n), cut at 0 and 1, of width
    0 where the classes do not overlap; ``"bootstrap"`` the percentile interval of `resamples` that keep the
    number of cases of either class (1 to 10 000 000 resamples). Raises as :func:`roc_curve` does; DeLong
    needs two cases of either class.
    """
    values, truth = numbers(scores, "scores"), labels_of(labels, positive)
    if method == "delong":
        return _estimate(_core.auc_delong(values, truth, level), level)
    if method != "bootstrap":
        raise ValueError(f"auc: method must be 'delong' or 'bootstrap', found {method!r}")
    resamples, seed = whole(resamples, "resamples"), whole(seed, "seed")
    return _estimate(_core.auc_bootstrap(values, truth, level, resamples, seed), level)


def compare_auc(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    positive: Hashable | None = None,
    level: float = 0.95,
) -> AucComparison:
    """DeLong's paired test: do two scores of the same cases rank them equally well? Raises as :func:`auc`."""
    values = numbers(first, "first"), numbers(second, "second")
    found = _core.compare_auc(*values, labels_of(labels, positive), level)
    difference = Estimate(found["difference"], found["lower"], found["upper"], level)
    return AucComparison(found["first"], found["second"], difference, found["z"], found["p_value"])


def precision_recall_curve(
    scores: npt.ArrayLike, labels: npt.ArrayLike, *, positive: Hashable | None = None
) -> PrecisionRecall:
    """Precision over recall with the average precision (no interpolation). Raises as :func:`roc_curve`."""
    values, truth = numbers(scores, "scores"), labels_of(labels, positive)
    return PrecisionRecall(**_core.precision_recall_curve(values, truth))


def calibration_curve(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    positive: Hashable | None = None,
    bins: int = 10,
    edges: Literal["equal_width", "equal_count"] = "equal_width",
    method: Method = "wilson",
    level: float = 0.95,
) -> Calibration:
    """How often the positive class comes true where a probability was predicted, bin by bin, with bounds.

    `probabilities` lie in 0..1. `edges`: bins of equal width, or at quantiles. `method`: the bounds of a
    proportion. Empty bins are kept. Labels of one class alone are taken: every filled bin has then observed 0
    or 1. Raises :class:`ValueError` for lengths that differ, no cases, and
    probabilities that are NaN or outside 0..1.
    """
    values, truth = numbers(probabilities, "probabilities"), labels_of(labels, positive)
    found = _core.calibration_curve(values, truth, whole(bins, "bins"), edges, method, level)
    counts = {name: found.pop(name).astype(np.int64) for name in ("cases", "positives")}
    return Calibration(**found, **counts, level=level)


def brier_score(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, *, positive: Hashable | None = None
) -> float:
    """Mean squared distance of probability (0..1) and label (Brier 1950).

    Labels of one class alone are taken: the score is then the mean squared distance from that class, and says
    nothing of how well classes are told apart. Raises as :func:`calibration_curve` does.
    """
    return float(_core.brier_score(numbers(probabilities, "probabilities"), labels_of(labels, positive)))


def bland_altman(first: npt.ArrayLike, second: npt.ArrayLike, *, level: float = 0.95) -> BlandAltman:
    """Bias and limits of agreement of two measurements of the same cases (Bland and Altman 1999).

    `level` is the share of differences between the limits and that of the t intervals. Exact to rounding for
    numbers of any magnitude. Raises :class:`ValueError` for lengths that differ, NaN, fewer than two cases,
    and differences or limits beyond the largest float (1.8e308).
    """
    found = _core.bland_altman(numbers(first, "first"), numbers(second, "second"), level)
    for name in ("bias", "lower_limit", "upper_limit"):
        found[name] = _estimate(found[name], level)
    return BlandAltman(**found)


def intraclass_correlation(
    ratings: npt.ArrayLike | pandas.DataFrame, *, level: float = 0.95
) -> IntraclassCorrelation:
    """ICC(2,1) and ICC(3,1) of single ratings with F intervals (Shrout and Fleiss; McGraw and Wong).

    `ratings` has a row for each case and a column for each rater. A correlation without an answer is NaN:
    that of cases that do not differ, or of two raters who swap two cases. Raises :class:`ValueError` for
    fewer than two of either, NaN, ratings that are all equal, and ratings from about 1e154, whose mean
    squares are beyond the largest float.
    """
    values = numbers(ratings, "ratings", dimensions=2)
    found = _core.intraclass_correlations(values.ravel(), values.shape[1], level)
    for name in ("agreement", "consistency"):
        found[name] = _estimate(found[name], level)
    return IntraclassCorrelation(**found)


def kappa(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    classes: Sequence[Hashable] | None = None,
    weights: Literal["none", "linear", "quadratic"] = "none",
    level: float = 0.95,
) -> Estimate:
    """Cohen's kappa of two raters with its large-sample interval, plain or weighted by steps between classes.

    `classes` are all there are, in order; without them the ones that occur, which must be numbers where
    weights need an order. Raises :class:`ValueError` for lengths that differ, a class that is not among them,
    and raters who gave one and the same class to every case.
    """
    if classes is None and weights != "none":
        for name, values in (("first", first), ("second", second)):
            if not all_numbers(values, name):
                raise ValueError(
                    f"kappa: weights need classes in order; {name} holds names, so give classes="
                )
    _, counts = counts_of({"first": first, "second": second}, classes, least=2)
    return _estimate(_core.kappa(counts, weights, level), level)


def confusion_matrix(
    truth: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    classes: Sequence[Hashable] | None = None,
    method: Method = "wilson",
    level: float = 0.95,
) -> ConfusionMatrix:
    """Counts of true and predicted classes, with recall by class and the bounds of a proportion.

    `classes` are all there are, in order; without them the ones that occur, sorted. Raises
    :class:`ValueError` for lengths that differ, no cases, fewer than two classes, and a class that is not
    among them.
    """
    known, table = counts_of({"truth": truth, "predicted": predicted}, classes)
    found = _core.confusion_matrix(table, method, level)
    return ConfusionMatrix(
        classes=known,
        counts=table.astype(np.int64),
        recalls=tuple(_estimate(recall, level) for recall in found["recalls"]),
        accuracy=_estimate(found["accuracy"], level),
        mean_recall=found["mean_recall"],
    )


def _estimate(figures: tuple[float, float, float], level: float) -> Estimate:
    value, lower, upper = figures
    return Estimate(value, lower, upper, level)


def _rows(**columns: npt.NDArray[Any]) -> list[dict[str, Any]]:
    return [
        dict(zip(columns, row, strict=True))
        for row in zip(*(column.tolist() for column in columns.values()), strict=True)
    ]
