"""A severity that was fitted to a cohort, as a file for the next patient.

::

    model = gg.fit_severity(table, order=["mild", "moderate", "severe"])
    model.save("severity.json")

    model = gg.SeverityModel.load("severity.json")
    model.grade(0.04)          # "moderate"
    model.shares(0.04).to_pandas()

The file holds counts and cuts, and nothing of any single patient. Its layout is :func:`schema`.
"""

from __future__ import annotations

import json
import math
import os
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from groundglass._core import Thresholds, __version__
from groundglass.cohort import Table, class_column, class_name, number_column, read_table
from groundglass.errors import FormatError
from groundglass.read import strict_json
from groundglass.statistics import Goal, binomial_bounds, bootstrap_thresholds
from groundglass.statistics.cases import Shares
from groundglass.tables import Tabular

if TYPE_CHECKING:
    from groundglass._core import ThresholdBootstrap

__all__ = ["ClassShares", "SeverityModel", "fit_severity", "schema"]

SCHEMA_NAME = "groundglass.severity"
#: Raised in its second part when keys are added, in its first when a reader has to change.
SCHEMA_VERSION = "1.0"

#: An interval of fractions holds at least this many patients, where there are as many.
LEAST_PATIENTS = 20
MOST_INTERVALS = 12

#: More patients than there can be, and a sum of that many is still exact in a double.
MOST_PATIENTS = 10**10

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class ClassShares(Tabular):
    """Of the `patients` of the cohort with a fraction in [`start`, `stop`), how many were of each class.

    `share` holds their parts, with the sum 1, `lower` and `upper` Wilson's bounds of each at `level`.
    """

    classes: tuple[str, ...]
    start: float
    stop: float
    patients: int
    share: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    level: float

    def to_rows(self) -> list[dict[str, Any]]:
        """One row a class."""
        columns = zip(self.classes, self.share, self.lower, self.upper, strict=True)
        return [dict(zip(("class", "share", "lower", "upper"), row, strict=True)) for row in columns]

    def _caption(self) -> str:
        return f"{self.patients} patients from {100 * self.start:.2f} to {100 * self.stop:.2f} %"


@dataclass(frozen=True, kw_only=True)
class SeverityModel:
    """Ordered classes of a fraction, how sure their cuts are, and how the cohort was made up.

    `cuts` are fractions of 0..1, ascending; a fraction equal to one belongs to the class above. `cut_bounds`
    are bootstrap intervals at `level`. `patients` and `recall` are by class. `performance` holds the goal's
    value on the cohort (`apparent`), the same less its optimism (`corrected`), and on patients left out
    (`out_of_bag`, with bounds). `edges` and `counts` (intervals × classes) are behind :meth:`shares`. `fit`
    says how the cuts were found. The model is a stage: ``model(fraction)`` is its class.
    """

    value: str
    classes: tuple[str, ...]
    cuts: tuple[float, ...]
    cut_bounds: tuple[tuple[float, float], ...]
    level: float
    patients: tuple[int, ...]
    recall: tuple[float, ...]
    balanced_accuracy: float
    accuracy: float
    performance: Mapping[str, float]
    edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]
    fit: Mapping[str, Any]
    version: str = field(default=__version__)

    @property
    def thresholds(self) -> Thresholds:
        """The cuts as the stage that :func:`groundglass.analyze` uses."""
        return Thresholds(cuts=self.cuts, classes=self.classes)

    def grade(self, fraction: float) -> str:
        """The class of a fraction. Raises :class:`ValueError` for one outside 0..1."""
        return str(self.thresholds(fraction))

    def __call__(self, fraction: float) -> str:
        return self.grade(fraction)

    def near_cut(self, fraction: float) -> bool:
        """Whether the fraction lies within the interval of a cut, so that another cohort might grade it
        otherwise."""
        return any(lower <= fraction < upper for lower, upper in self.cut_bounds)

    def shares(self, fraction: float) -> ClassShares:
        """What became of patients with about this fraction: the share of each class, with bounds.

        Raises :class:`ValueError` for a fraction outside 0..1. The shares are those of the cohort: where the
        classes are not as frequent as there, neither are they here.
        """
        if not 0 <= fraction <= 1:
            raise ValueError(f"fraction must lie in 0..1, found {fraction!r}")
        place = min(int(np.searchsorted(self.edges, fraction, side="right")), len(self.counts)) - 1
        counts = np.array(self.counts[place], dtype=np.float64)
        lower, upper = binomial_bounds(counts, np.full_like(counts, counts.sum()), level=self.level)
        return ClassShares(
            classes=self.classes,
            start=self.edges[place],
            stop=self.edges[place + 1],
            patients=int(counts.sum()),
            share=tuple((counts / counts.sum()).tolist()),
            lower=tuple(lower.tolist()),
            upper=tuple(upper.tolist()),
            level=self.level,
        )

    def to_dict(self) -> dict[str, Any]:
        """The content of the file, in plain types; the inverse of :meth:`from_dict`."""
        return {
            "schema": SCHEMA_NAME,
            "schema_version": SCHEMA_VERSION,
            "groundglass_version": self.version,
            "value": self.value,
            "classes": list(self.classes),
            "cuts": list(self.cuts),
            "cut_bounds": [{"lower": lower, "upper": upper} for lower, upper in self.cut_bounds],
            "level": self.level,
            "patients": list(self.patients),
            "recall": list(self.recall),
            "balanced_accuracy": self.balanced_accuracy,
            "accuracy": self.accuracy,
            "performance": dict(self.performance),
            "edges": list(self.edges),
            "counts": [list(row) for row in self.counts],
            "fit": dict(self.fit),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> SeverityModel:
        """The model of a file's content. Raises :class:`groundglass.FormatError` where it is not one."""
        version = str(content.get("schema_version", ""))
        if content.get("schema") != SCHEMA_NAME:
            found = reprlib.repr(content.get("schema"))
            raise FormatError(f"no severity model: schema is {found}, not {SCHEMA_NAME!r}")
        if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
            raise FormatError(
                f"a severity model of schema version {version[:20] or 'none'}; this groundglass reads "
                f"{SCHEMA_VERSION.partition('.')[0]}.x; fit it again, or install the groundglass that made it"
            )
        try:
            performance = content["performance"]
            fit = content["fit"]
            model = cls(
                value=_text(content["value"], "value"),
                classes=_each(_text, content["classes"], "classes"),
                cuts=_each(_number, content["cuts"], "cuts"),
                cut_bounds=_each(_bounds, content["cut_bounds"], "cut_bounds"),
                level=_number(content["level"], "level"),
                patients=_each(_count, content["patients"], "patients"),
                recall=_each(_number, content["recall"], "recall"),
                balanced_accuracy=_number(content["balanced_accuracy"], "balanced_accuracy"),
                accuracy=_number(content["accuracy"], "accuracy"),
                performance={name: _number(performance[name], name) for name in _names(performance)},
                edges=_each(_number, content["edges"], "edges"),
                counts=_each(lambda row, name: _each(_count, row, name), content["counts"], "counts"),
                fit={name: fit[name] for name in _names(fit)},
                version=_text(content["groundglass_version"], "groundglass_version"),
            )
            model._check()
        except KeyError as error:
            raise FormatError(f"the severity model lacks {error.args[0]!r}; fit it again") from error
        except (TypeError, AttributeError, ValueError) as error:
            raise FormatError(f"the severity model is damaged: {error}; fit it again") from error
        return model

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Writes the model as JSON, whole or not at all, and returns the path.

        Raises :class:`FileExistsError` where `path` exists and `overwrite` is false.
        """
        from groundglass.write import atomic_file

        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        with atomic_file(Path(path), overwrite=overwrite) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return Path(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SeverityModel:
        """Reads what :meth:`save` wrote.

        Raises :class:`FileNotFoundError`, and :class:`groundglass.FormatError` for a file that is no severity
        model, is damaged or comes from a later, different version.
        """
        if not Path(path).exists():
            raise FileNotFoundError(f"{path} does not exist")
        if not Path(path).is_file():
            raise FormatError(f"{path} is no file; a severity model in JSON is needed")
        try:
            content = strict_json.read(Path(path))
            if not isinstance(content, dict):
                raise FormatError("no severity model: an object in JSON is needed")
            return cls.from_dict(content)
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error

    def __repr__(self) -> str:
        cuts = ", ".join(f"{cut:.4g}" for cut in self.cuts)
        return (
            f"<groundglass.SeverityModel: {' < '.join(self.classes)} at {cuts} of {self.value}, "
            f"{sum(self.patients)} patients>"
        )

    def _check(self) -> None:
        """What the types alone do not say. Raises :class:`ValueError`."""
        _ = self.thresholds  # checks the cuts
        number = len(self.classes)
        lengths = {"patients": self.patients, "recall": self.recall, "cut_bounds": (*self.cut_bounds, None)}
        for name, values in lengths.items():
            if len(values) != number:
                raise ValueError(f"{name} does not fit {number} classes")
        if len(set(self.classes)) != number or not all(map(str.strip, self.classes)):
            raise ValueError("classes must be names, each once")
        if min(self.patients) < 1:
            raise ValueError("patients must be 1 or more of each class")
        if any(not 0 <= share <= 1 for share in (*self.recall, self.balanced_accuracy, self.accuracy)):
            raise ValueError("recall, balanced_accuracy and accuracy must be shares of 0 to 1")
        _ = self.performance["apparent"]
        _check_fit(self.fit)
        if not 0 < self.level < 1:
            raise ValueError(f"level must lie between 0 and 1, found {self.level}")
        if any(not 0 <= lower <= upper <= 1 for lower, upper in self.cut_bounds):
            raise ValueError("cut_bounds must be fractions, the lower one first")
        if list(self.edges) != sorted({0.0, *self.edges, 1.0}):
            raise ValueError("edges must ascend from 0 to 1")
        if len(self.counts) != len(self.edges) - 1 or any(
            len(row) != number or min(row) < 0 or sum(row) == 0 for row in self.counts
        ):
            raise ValueError(f"counts must hold {number} numbers for each of {len(self.edges) - 1} intervals")
        if tuple(map(sum, zip(*self.counts, strict=True))) != self.patients:
            raise ValueError("counts and patients differ")


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name}: a text is needed, found {reprlib.repr(value)}")
    return value


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < math.inf:
        raise TypeError(f"{name}: a number is needed, found {_shown(value)}")
    if abs(value) > MOST_PATIENTS and isinstance(value, int):
        raise ValueError(f"{name}: a number of this size is none of a severity model")
    return float(value)


def _count(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_PATIENTS:
        raise TypeError(f"{name}: a number of patients is needed, found {_shown(value)}")
    return value


def _shown(value: object) -> str:
    """A value for a sentence; a whole number too long to print has more than 20 digits."""
    return (
        "a whole number of many digits"
        if isinstance(value, int) and abs(value) > 10**20
        else reprlib.repr(value)
    )


def _bounds(value: Any, name: str) -> tuple[float, float]:
    return _number(value["lower"], name), _number(value["upper"], name)


def _each(kind: Callable[[Any, str], T], values: object, name: str) -> tuple[T, ...]:
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"{name}: a list is needed, found {reprlib.repr(values)}")
    return tuple(kind(value, name) for value in values)


def _names(values: Any) -> list[str]:
    if not isinstance(values, Mapping):
        raise TypeError(f"an object is needed, found {reprlib.repr(values)}")
    return [_text(name, "a key") for name in values]


def _check_fit(fit: Mapping[str, Any]) -> None:
    """The keys that tell how the cuts were found. Raises KeyError, TypeError or ValueError."""
    _text(fit["goal"], "goal")
    for name, least in (("grid", 2), ("resamples", 1), ("seed", 0)):
        value = fit[name]
        if name == "grid" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name}: a whole number from {least} on is needed, found {_shown(value)}")
    prevalence, costs = fit["prevalence"], fit["costs"]
    if isinstance(prevalence, Mapping):
        prevalence = [prevalence[name] for name in _names(prevalence)]
    if prevalence is not None:
        _each(_number, prevalence, "prevalence")
    if costs is not None:
        _each(lambda row, name: _each(_number, row, name), costs, "costs")


def fit_severity(
    table: Table | str | os.PathLike[str],
    *,
    value: str = "opacity_fraction",
    classes: str = "severity",
    order: Sequence[Any] | None = None,
    goal: Goal = "mean_recall",
    prevalence: Shares | None = None,
    costs: npt.ArrayLike | None = None,
    grid: int | None = None,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    sep: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> SeverityModel:
    """Fits the cuts between ordered classes to a table of patients and says how sure they are.

    `table` is a DataFrame, a mapping of columns or a file, one row a patient; `value` names the column with
    the fraction (0..1), `classes` that with the known class. `order` names the classes from the mildest to
    the worst; without it a categorical column's order holds, else the names sorted, numbers by
    size. `sep`, `decimal` and
    `encoding` are those of :func:`groundglass.cohort.read_table` for a file, the other options those of
    :func:`groundglass.bootstrap_thresholds`.

    Raises :class:`ValueError` for a missing column, a cell that is empty or no number, values that are no
    fractions, and as :func:`groundglass.fit_thresholds` does. About 0.1 s for 500 patients.
    """
    source: Table
    if isinstance(table, (str, os.PathLike)):
        source = read_table(table, sep=sep, decimal=decimal, encoding=encoding)
    elif sep is decimal is encoding is None:
        source = table
    else:
        raise ValueError("fit_severity: sep, decimal and encoding are for a file, and the table is none")
    fractions = number_column(source, value)
    names = class_column(source, classes)
    if outside := fractions[(fractions < 0) | (fractions > 1)].tolist():
        percent = " (percent? divide by 100)" if 1 < outside[0] <= 100 else ""
        raise ValueError(f"column {value}: fractions of 0..1 are needed, found {outside[0]:g}{percent}")
    if order is None:
        categories = getattr(getattr(source[classes], "dtype", None), "categories", None)
        order = _sorted(set(names)) if categories is None else categories.tolist()
    known = [class_name(name) for name in order]
    if isinstance(prevalence, Mapping):
        prevalence = {class_name(name): share for name, share in prevalence.items()}
    found = bootstrap_thresholds(
        fractions,
        names,
        order=known,
        goal=goal,
        prevalence=prevalence,
        costs=costs,
        grid=grid,
        resamples=resamples,
        level=level,
        seed=seed,
    )
    edges = _edges(fractions)
    codes = np.array([known.index(name) for name in names])
    place = np.minimum(np.searchsorted(edges, fractions, side="right"), len(edges) - 1) - 1
    counts = [
        np.bincount(codes[place == row], minlength=len(known)).tolist() for row in range(len(edges) - 1)
    ]
    return SeverityModel(
        value=value,
        classes=tuple(known),
        cuts=tuple(found.fit.cuts),
        cut_bounds=tuple((max(lower, 0.0), min(upper, 1.0)) for lower, upper in found.cuts),
        level=level,
        patients=tuple(np.bincount(codes, minlength=len(known)).tolist()),
        recall=tuple(found.fit.recall),
        balanced_accuracy=found.fit.balanced_accuracy,
        accuracy=found.fit.accuracy,
        performance=_performance(found),
        edges=tuple(edges.tolist()),
        counts=tuple(map(tuple, counts)),
        fit={
            "goal": goal,
            "prevalence": _plain(prevalence),
            "costs": None if costs is None else np.asarray(costs, dtype=np.float64).tolist(),
            "grid": grid,
            "resamples": resamples,
            "seed": seed,
        },
    )


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the file, as shipped with the package."""
    text = Path(__file__).with_name("severity.schema.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def _sorted(names: set[str]) -> list[str]:
    """Names in the order of the alphabet, whole numbers by their size."""
    numbered = all(name.removeprefix("-").isdecimal() for name in names)
    return sorted(names, key=int) if numbered else sorted(names)


def _edges(fractions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Edges from 0 to 1 of intervals with about as many patients each, and none without."""
    number = max(1, min(MOST_INTERVALS, fractions.size // LEAST_PATIENTS))
    inner = np.unique(np.quantile(fractions, np.linspace(0, 1, number + 1)[1:-1], method="higher"))
    inner = inner[(inner > max(fractions.min(), 0.0)) & (inner < 1)]
    return np.concatenate([[0.0], inner, [1.0]])


def _performance(found: ThresholdBootstrap) -> dict[str, float]:
    lower, upper = found.out_of_bag_bounds
    values = {
        "apparent": found.apparent,
        "optimism": found.optimism,
        "corrected": found.corrected,
        "out_of_bag": found.out_of_bag,
        "out_of_bag_lower": lower,
        "out_of_bag_upper": upper,
    }
    # a cohort so small that no resample left a patient of some class out has no out-of-bag figure
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}


def _plain(prevalence: Shares | None) -> dict[str, float] | list[float] | None:
    if prevalence is None:
        return None
    if isinstance(prevalence, Mapping):
        return {str(name): float(share) for name, share in prevalence.items()}
    return [float(share) for share in prevalence]
