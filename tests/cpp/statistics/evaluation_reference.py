"""Prints the expected numbers of the tests of evaluation: ROC, calibration, agreement.

The cases are those of ``evaluation_cases.hpp``. The numbers in the tests are those of scikit-learn 1.9.1,
SciPy 1.17.1, statsmodels 0.15.0 and, for DeLong and the intraclass correlations, R 4.2.2 with pROC 1.18.0 and
psych 2.2.9; without Rscript on the path that part is left out.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable

import numpy as np
import scipy.stats
import sklearn.calibration
import sklearn.metrics
import statsmodels.stats.inter_rater

index = np.arange(60)
labels = (index * 7 % 10 < 4).astype(int)
first = ((index * 37 + 11) % 41 + 20 * labels) / 100
second = ((index * 53 + 5) % 37 + 15 * labels) / 100
probabilities = 0.6 * ((index * 29 + 3) % 97 + 0.5) / 97 + 0.3 * labels
steps = np.array([-1, 0, 0, 1, 0, 0, 2])
rater_a = index * 13 % 5
rater_b = np.clip(rater_a + steps[index * 11 % 7], 0, 4)
measured_a = 10.0 + index * 17 % 23
measured_b = measured_a + (index * 5 % 11 - 4) / 2
ratings = np.stack([measured_a, measured_b, measured_a + (index * 19 % 13 - 2) / 3], axis=1)


def show(name: str, values: float | Iterable[float]) -> None:
    numbers = [values] if np.isscalar(values) else list(values)  # type: ignore[arg-type]
    print(f"{name}: {', '.join(f'{number:.12g}' for number in numbers)}")


def ranking() -> None:
    rates = sklearn.metrics.roc_curve(labels, first, drop_intermediate=False)
    for name, values in zip(("false positive rate", "true positive rate", "threshold"), rates, strict=True):
        show(f"ROC, {name}", values)
    show("AUC", (sklearn.metrics.roc_auc_score(labels, score) for score in (first, second)))
    precision, recall, threshold = sklearn.metrics.precision_recall_curve(labels, first)
    show("precision", precision)
    show("recall", recall)
    show("threshold", threshold)
    show("average precision", sklearn.metrics.average_precision_score(labels, first))


def calibration() -> None:
    for strategy in ("uniform", "quantile"):
        observed, predicted = sklearn.calibration.calibration_curve(
            labels, probabilities, n_bins=5, strategy=strategy
        )
        show(f"calibration, {strategy}, observed", observed)
        show(f"calibration, {strategy}, predicted", predicted)
    show("Brier", sklearn.metrics.brier_score_loss(labels, probabilities))
    place = np.minimum((probabilities * 5).astype(int), 4)
    gaps = [
        abs(labels[place == i].sum() - probabilities[place == i].sum()) / len(labels)
        for i in np.unique(place)
    ]
    show("expected calibration error", sum(gaps))


def agreement() -> None:
    table = sklearn.metrics.confusion_matrix(rater_a, rater_b)
    print(f"confusion: {table.tolist()}")
    show("recall", sklearn.metrics.recall_score(rater_a, rater_b, average=None))
    show("mean recall", sklearn.metrics.balanced_accuracy_score(rater_a, rater_b))
    for weights in (None, "linear", "quadratic"):
        kappa = statsmodels.stats.inter_rater.cohens_kappa(table, wt=weights)
        show(f"kappa, {weights}", (kappa.kappa, kappa.std_kappa, kappa.kappa_low, kappa.kappa_upp))
    difference = measured_a - measured_b
    count, bias, sd = len(difference), difference.mean(), difference.std(ddof=1)
    z, t = scipy.stats.norm.ppf(0.975), scipy.stats.t.ppf(0.975, count - 1)
    show("bias, its interval", (bias, *scipy.stats.t.interval(0.95, count - 1, bias, sd / count**0.5)))
    half = t * sd * (1 / count + z**2 / (2 * (count - 1))) ** 0.5
    for sign in (-1, 1):
        limit = bias + sign * z * sd
        show("limit, its interval", (limit, limit - half, limit + half))


R_CODE = """
suppressMessages({library(pROC); library(psych)})
show <- function(name, values) {
    cat(name, ": ", paste(format(values, digits = 12), collapse = ", "), "\\n", sep = "")
}
a <- roc(labels, first, direction = "<", quiet = TRUE)
b <- roc(labels, second, direction = "<", quiet = TRUE)
show("pROC, lower, AUC, upper", as.numeric(ci.auc(a)))
show("pROC, lower, AUC, upper, second", as.numeric(ci.auc(b)))
show("pROC, variances and covariance", c(var(a), var(b), cov(a, b)))
paired <- roc.test(a, b, method = "delong", paired = TRUE)
show("pROC, paired: Z, p, interval", c(paired$statistic, paired$p.value, paired$conf.int))
found <- ICC(matrix(ratings, ncol = 3, byrow = TRUE), lmer = FALSE)$results
for (row in c(2, 3)) {
    figures <- unlist(found[row, c("ICC", "lower bound", "upper bound")])
    show(paste("psych,", found$type[row]), figures)
}
"""


def in_r() -> None:
    program = shutil.which("Rscript")
    if program is None:
        print("Rscript is not on the path: no numbers of pROC and psych")
        return
    vectors = {"labels": labels, "first": first, "second": second, "ratings": ratings.ravel()}
    lines = [f"{name} <- c({', '.join(map(repr, v.tolist()))})" for name, v in vectors.items()]
    subprocess.run([program, "-e", "\n".join([*lines, R_CODE])], check=True)


if __name__ == "__main__":
    ranking()
    calibration()
    agreement()
    in_r()
