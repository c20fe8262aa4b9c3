"""``groundglass intervals``, ``groundglass thresholds`` and ``groundglass agreement``."""

from __future__ import annotations

import csv
import io
import json as json_text
import math
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundglass.cli.options import Debug

if TYPE_CHECKING:
    import pandas

    from groundglass.evaluation import Estimate

INTERVALS_EXAMPLES = """
[bold]Examples[/]

  groundglass intervals cohort.csv --value opacity_fraction --label severe

  groundglass intervals cohort.csv --value opacity_fraction --label severity --positive severe --json

  groundglass intervals cohort.parquet --value opacity_fraction --label severe --compatible --csv
"""

THRESHOLDS_EXAMPLES = """
[bold]Examples[/]

  groundglass thresholds cohort.csv --value opacity_fraction --class severity --order mild,moderate,severe

  groundglass thresholds cohort.csv --value po --class grade --order A,B,C --save severity.json
"""

AGREEMENT_EXAMPLES = """
[bold]Examples[/]

  groundglass agreement readers.csv --first reader_1 --second reader_2

  groundglass agreement readers.csv --first grade_1 --second grade_2 --order CT-0,CT-1,CT-2,CT-3,CT-4
"""

Source = Annotated[
    Path,
    typer.Argument(metavar="TABLE", help="CSV, TSV or Parquet file, one row a patient.", show_default=False),
]
Value = Annotated[
    str, typer.Option("--value", metavar="COLUMN", help="Column of the fraction of opacity, 0 to 1.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of the table.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")]
Level = Annotated[float, typer.Option("--level", metavar="P", help="Of the bounds, between 0 and 1.")]


class Bounds(StrEnum):
    """Bounds of a proportion."""

    wilson = "wilson"
    jeffreys = "jeffreys"
    clopper_pearson = "clopper_pearson"


class Goals(StrEnum):
    """What thresholds can be best at from the command line."""

    mean_recall = "mean_recall"
    accuracy = "accuracy"
    linear_kappa = "linear_kappa"
    quadratic_kappa = "quadratic_kappa"


def register(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    app.command(epilog=INTERVALS_EXAMPLES)(intervals)
    app.command(epilog=THRESHOLDS_EXAMPLES)(thresholds)
    app.command(epilog=AGREEMENT_EXAMPLES)(agreement)


def intervals(
    table: Source,
    value: Value,
    label: Annotated[
        str, typer.Option("--label", metavar="COLUMN", help="Column of 0 and 1, or of classes.")
    ],
    positive: Annotated[
        str | None, typer.Option("--positive", metavar="CLASS", help="The class that counts as positive.")
    ] = None,
    edges: Annotated[
        str | None,
        typer.Option("--edges", metavar="A,B,...", help="Ascending edges instead of 0 to 1 by 0.01."),
    ] = None,
    method: Annotated[Bounds, typer.Option("--method", help="How bounds are found.")] = Bounds.wilson,
    level: Level = 0.95,
    isotonic: Annotated[
        bool, typer.Option("--isotonic", help="Let the probability rise with the fraction.")
    ] = False,
    compatible: Annotated[
        bool, typer.Option("--compatible", help="Follow the published recipe to the letter.")
    ] = False,
    json: Json = False,
    csv: Csv = False,
    debug: Debug = False,
) -> None:
    """How probable a positive label is in each interval of a fraction, with bounds.

    Only intervals with patients are printed, with [bold]--json[/] and [bold]--csv[/] all of them.
    """
    from groundglass.cohort import number_column, read_table
    from groundglass.statistics import interval_table

    _one_form(json, csv)
    frame = read_table(table)
    with _warnings_on_stderr():
        found = interval_table(
            number_column(frame, value),
            _binary(frame, label, positive),
            edges=None if edges is None else _numbers(edges, "--edges"),
            method=method.value,
            level=level,
            isotonic=isotonic,
            compatible=compatible,
        )
    if json:
        _print_json(
            edges=found.edges,
            probability=found.probability,
            lower=found.lower,
            upper=found.upper,
            positive=found.positive,
            negative=found.negative,
        )
        return
    rows: list[dict[str, Any]] = found.to_rows()
    columns = ("start", "stop", "positive", "negative", "probability", "lower", "upper")
    if csv:
        _print_csv(rows)
        return
    held = [row for row in rows if row["positive"] + row["negative"]]
    _print_table([{name: row[name] for name in columns} for row in held], percent=("start", "stop"))


def thresholds(
    table: Source,
    value: Value,
    classes: Annotated[str, typer.Option("--class", metavar="COLUMN", help="Column of the known classes.")],
    order: Annotated[
        str, typer.Option("--order", metavar="A,B,C", help="The classes from the mildest to the worst.")
    ],
    goal: Annotated[
        Goals, typer.Option("--goal", help="What the cuts shall be best at.")
    ] = Goals.mean_recall,
    compatible: Annotated[
        bool, typer.Option("--compatible", help="Try 0, 0.001, ... 0.999 alone, as the published fit does.")
    ] = False,
    resamples: Annotated[
        int, typer.Option("--resamples", min=1, metavar="N", help="For the bounds of the cuts.")
    ] = 2000,
    level: Level = 0.95,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Of the resamples.")] = 0,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Write the severity model for analyze --severity."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing model file.")] = False,
    json: Json = False,
    csv: Csv = False,
    debug: Debug = False,
) -> None:
    """The cuts that put ordered classes apart best, with bootstrap bounds and honest performance."""
    from groundglass.cli.console import console
    from groundglass.cohort import class_column, number_column, read_table
    from groundglass.severity_model import fit_severity
    from groundglass.statistics import bootstrap_thresholds

    _one_form(json, csv)
    frame = read_table(table)
    options: dict[str, Any] = {
        "order": _names(order, "--order"),
        "goal": goal.value,
        "grid": 1000 if compatible else None,
        "resamples": resamples,
        "level": level,
        "seed": seed,
    }
    with _warnings_on_stderr():
        found = bootstrap_thresholds(number_column(frame, value), class_column(frame, classes), **options)
        if save is not None:
            model = fit_severity(frame, value=value, classes=classes, **options)
            model.save(save, overwrite=overwrite)
    if json:
        _print_json(
            cuts=found.fit.cuts,
            balanced_accuracy=found.fit.balanced_accuracy,
            lower=[lower for lower, _ in found.cuts],
            upper=[upper for _, upper in found.cuts],
        )
        return
    if csv:
        _print_csv(found.to_rows())
        return
    fractions = all(0 <= cut <= 1 for cut in found.fit.cuts)
    _print_table(found.to_rows(), percent=("cut", "lower", "upper") if fractions else ())
    _print_table(found.fit.to_rows(), percent=("start", "stop") if fractions else ())
    screen = console()
    name = goal.value.replace("_", " ")
    lower, upper = found.out_of_bag_bounds
    screen.print(
        f"{name.capitalize()} {found.apparent:.3f} on these patients, {found.corrected:.3f} less optimism, "
        f"{found.out_of_bag:.3f} ({100 * level:g} %: {lower:.3f}–{upper:.3f}) on patients left out; "
        f"balanced accuracy {found.fit.balanced_accuracy:.3f}, accuracy {found.fit.accuracy:.3f}",
        soft_wrap=True,
    )
    if save is not None:
        screen.print(f"Written to {save}", markup=False, soft_wrap=True)


def agreement(
    table: Source,
    first: Annotated[
        str | None, typer.Option("--first", metavar="COLUMN", help="One measurement, or one reader's class.")
    ] = None,
    second: Annotated[
        str | None, typer.Option("--second", metavar="COLUMN", help="The other one of the same patients.")
    ] = None,
    order: Annotated[
        str | None,
        typer.Option("--order", metavar="A,B,C", help="The columns hold classes, these, in this order."),
    ] = None,
    level: Level = 0.95,
    json: Json = False,
    csv: Csv = False,
    debug: Debug = False,
) -> None:
    """How well two measurements, or with [bold]--order[/] two classifications, of the same patients agree.

    Measurements: bias and limits of agreement, intraclass correlation. Classes: kappa and the confusion
    matrix, the first column taken as the truth. The columns need no names where exactly two hold numbers.
    """
    from groundglass.cohort import class_column, number_column, read_table

    _one_form(json, csv)
    frame = read_table(table)
    one, two = _pair(frame, first, second)
    if order is None:
        content, rows = _measurements(number_column(frame, one), number_column(frame, two), level)
    else:
        known = _names(order, "--order")
        columns = {name: class_column(frame, name) for name in (one, two)}
        for name, values in columns.items():
            for row, found in enumerate(values, start=1):
                if found not in known:
                    raise ValueError(f"column {name}, row {row}: {found!r} is not one of {_listed(known)}")
        content, rows = _classes(columns[one], columns[two], known, level)
    if json:
        _print_json(first=one, second=two, **content)
    elif csv:
        _print_csv(rows[0])
    else:
        for part in rows:
            _print_table(part)


def _measurements(first: Any, second: Any, level: float) -> tuple[dict[str, Any], list[list[dict[str, Any]]]]:
    from groundglass import evaluation

    found = evaluation.bland_altman(first, second, level=level)
    pairs = [list(pair) for pair in zip(first, second, strict=True)]
    correlation = evaluation.intraclass_correlation(pairs, level=level)
    content = {
        "cases": found.count,
        "bias": found.bias.to_dict(),
        "lower_limit": found.lower_limit.to_dict(),
        "upper_limit": found.upper_limit.to_dict(),
        "icc_agreement": correlation.agreement.to_dict(),
        "icc_consistency": correlation.consistency.to_dict(),
    }
    rows = [*found.to_rows(), *({"quantity": row.pop("correlation"), **row} for row in correlation.to_rows())]
    return content, [rows]


def _classes(
    first: Sequence[str], second: Sequence[str], known: Sequence[str], level: float
) -> tuple[dict[str, Any], list[list[dict[str, Any]]]]:
    from groundglass import evaluation

    matrix = evaluation.confusion_matrix(first, second, classes=known, level=level)
    found: dict[str, Estimate] = {"accuracy": matrix.accuracy}
    for name, weights in (("kappa", "none"), ("linear_kappa", "linear"), ("quadratic_kappa", "quadratic")):
        found[name] = evaluation.kappa(first, second, classes=known, weights=weights, level=level)  # type: ignore[arg-type]
    content = {"cases": int(matrix.counts.sum()), "classes": list(known), "counts": matrix.counts}
    content |= {name: estimate.to_dict() for name, estimate in found.items()}
    rows = [{"quantity": name.replace("_", " "), **estimate.to_dict()} for name, estimate in found.items()]
    return content, [rows, matrix.to_rows()]


def _pair(frame: pandas.DataFrame, first: str | None, second: str | None) -> tuple[str, str]:
    if first is not None and second is not None:
        return first, second
    if first is not None or second is not None:
        raise ValueError("--first and --second go together: name both columns")
    numbers = [str(name) for name in frame.select_dtypes("number").columns]
    if len(numbers) != 2:
        raise ValueError(
            f"the table has {len(numbers)} columns of numbers; name two with --first and --second "
            f"among {', '.join(map(str, frame.columns))}"
        )
    return numbers[0], numbers[1]


def _binary(frame: pandas.DataFrame, column: str, positive: str | None) -> list[bool]:
    """0 and 1 (or False and True) as they are; of other classes the positive one."""
    from groundglass.cohort import class_column

    names = class_column(frame, column)
    known = sorted(set(names))
    if positive is not None:
        if positive not in known:
            raise ValueError(f"column {column} has no class {positive!r}; it has {_listed(known)}")
        return [name == positive for name in names]
    truth = {"0": False, "1": True, "false": False, "true": True}
    if any(name.lower() not in truth for name in known):
        raise ValueError(
            f"column {column} must hold 0 and 1, found {_listed(known)}; "
            "name the positive class with --positive"
        )
    return [truth[name.lower()] for name in names]


def _listed(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _one_form(json: bool, csv: bool) -> None:
    if json and csv:
        raise ValueError("--json and --csv exclude each other")


def _names(text: str, option: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if len(names) < 2 or not all(names) or len(set(names)) < len(names):
        raise ValueError(f"{option} must name two classes or more, each once, as A,B,C; found {text!r}")
    return names


def _numbers(text: str, option: str) -> list[float]:
    try:
        return [float(number) for number in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{option} must be numbers with commas between them, found {text!r}") from error


@contextmanager
def _warnings_on_stderr() -> Iterator[None]:
    """Warnings as a sentence each, as notes are printed."""
    from groundglass.cli.console import console

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    screen = console(stderr=True)
    for text in dict.fromkeys(str(entry.message) for entry in caught):
        screen.print(f"Warning: {text}", markup=False, soft_wrap=True)


def _print_json(**content: Any) -> None:
    from groundglass.tables import without_nan

    sys.stdout.write(
        json_text.dumps(without_nan(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )


def _print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    from groundglass.tables import without_nan

    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(without_nan(list(rows)))
    sys.stdout.write(text.getvalue())


def _print_table(rows: Sequence[Mapping[str, Any]], *, percent: Sequence[str] = ()) -> None:
    """The rows as a table for people; `percent` columns hold fractions."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Shown

    from groundglass.cli.console import console

    shown = Shown(box=SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(rows[0]):
        heading = name.replace("_", " ").capitalize() + (" %" if name in percent else "")
        shown.add_column(heading, justify="left" if place == 0 and name not in percent else "right")
    for row in rows:
        shown.add_row(*(_cell(value, name in percent) for name, value in row.items()))
    console().print(shown)


def _cell(value: object, percent: bool) -> str:
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return "–"
    return f"{100 * value:.2f}" if percent else f"{value:.4g}"
