"""``groundglass intervals`` and ``groundglass thresholds``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundglass.cli.manual import INPUT, METHOD, OUTPUT, flag, page
from groundglass.cli.options import Debug
from groundglass.cli.tables import (
    COHORTS,
    Csv,
    Decimal,
    Encoding,
    Json,
    Level,
    Sep,
    Source,
    listed,
    names,
    one_form,
    print_csv,
    print_json,
    print_table,
    warnings_on_stderr,
)

if TYPE_CHECKING:
    import pandas

INTERVALS_EXAMPLES = {
    "A column of 0 and 1:": "groundglass intervals cohort.csv --value opacity_fraction --label severe",
    "One class against the others, for a program:": (
        "groundglass intervals cohort.csv --value opacity_fraction \\",
        "    --label severity --positive severe --json",
    ),
    "As published:": (
        "groundglass intervals cohort.parquet --value opacity_fraction \\",
        "    --label severe --compatible --csv",
    ),
}
THRESHOLDS_EXAMPLES = {
    "The cuts between three classes:": (
        "groundglass thresholds cohort.csv --value opacity_fraction \\",
        "    --class severity --order mild,moderate,severe",
    ),
    "Kept for the next patient:": (
        "groundglass thresholds cohort.csv --value opacity_fraction \\",
        "    --class severity --order mild,moderate,severe --save severity.json",
        "groundglass analyze study/ --out result --severity severity.json",
    ),
}
Value = Annotated[
    str,
    typer.Option(
        "--value",
        metavar="COLUMN",
        help="Column of the fraction of opacity, 0 to 1.",
        rich_help_panel=INPUT,
    ),
]


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
    for command, examples, see in (
        (intervals, INTERVALS_EXAMPLES, "groundglass thresholds"),
        (thresholds, THRESHOLDS_EXAMPLES, "groundglass analyze --severity"),
    ):
        app.command(rich_help_panel=COHORTS, **page(command, examples=examples, see=see))(command)


def intervals(
    table: Source,
    value: Value,
    label: Annotated[
        str,
        typer.Option(
            "--label", metavar="COLUMN", help="Column of 0 and 1, or of classes.", rich_help_panel=INPUT
        ),
    ],
    positive: Annotated[
        str | None,
        typer.Option(
            "--positive", metavar="CLASS", help="The class that counts as positive.", rich_help_panel=INPUT
        ),
    ] = None,
    sep: Sep = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    edges: Annotated[
        str | None,
        typer.Option(
            "--edges",
            metavar="A,B,...",
            help="Ascending edges instead of 0 to 1 by 0.01.",
            rich_help_panel=METHOD,
        ),
    ] = None,
    method: Annotated[
        Bounds, typer.Option("--method", help="How bounds are found.", rich_help_panel=METHOD)
    ] = Bounds.wilson,
    level: Level = 0.95,
    isotonic: Annotated[
        bool, flag("--isotonic", help="Let the probability rise with the fraction.", panel=METHOD)
    ] = False,
    compatible: Annotated[
        bool, flag("--compatible", help="Follow the published recipe to the letter.", panel=METHOD)
    ] = False,
    json: Json = False,
    csv: Csv = False,
    debug: Debug = False,
) -> None:
    """How probable a positive label is in each interval of a fraction, with bounds.

    Only intervals with patients are printed, with --json and --csv all of them.
    """
    from groundglass.cohort import number_column, read_table
    from groundglass.statistics import interval_table

    one_form(json, csv)
    with warnings_on_stderr():
        frame = read_table(table, sep=sep, decimal=decimal, encoding=encoding)
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
        print_json(
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
        print_csv(rows)
        return
    held = [row for row in rows if row["positive"] + row["negative"]]
    print_table([{name: row[name] for name in columns} for row in held], percent=("start", "stop"))


def thresholds(
    table: Source,
    value: Value,
    classes: Annotated[
        str,
        typer.Option("--class", metavar="COLUMN", help="Column of the known classes.", rich_help_panel=INPUT),
    ],
    order: Annotated[
        str,
        typer.Option(
            "--order",
            metavar="A,B,C",
            help="The classes from the mildest to the worst.",
            rich_help_panel=INPUT,
        ),
    ],
    sep: Sep = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    goal: Annotated[
        Goals, typer.Option("--goal", help="What the cuts shall be best at.", rich_help_panel=METHOD)
    ] = Goals.mean_recall,
    compatible: Annotated[
        bool,
        flag("--compatible", help="Try 0, 0.001, ... 0.999 alone, as the published fit does.", panel=METHOD),
    ] = False,
    resamples: Annotated[
        int,
        typer.Option(
            "--resamples", min=1, metavar="N", help="For the bounds of the cuts.", rich_help_panel=METHOD
        ),
    ] = 2000,
    level: Level = 0.95,
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="N", help="Of the resamples.", rich_help_panel=METHOD)
    ] = 0,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="FILE",
            help="Write the severity model for analyze --severity.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    overwrite: Annotated[
        bool, flag("--overwrite", help="Replace an existing model file.", panel=OUTPUT)
    ] = False,
    json: Json = False,
    csv: Csv = False,
    debug: Debug = False,
) -> None:
    """The cuts that put ordered classes apart best, with bootstrap bounds and honest performance."""
    from groundglass.cli.console import console
    from groundglass.cohort import class_column, number_column, read_table
    from groundglass.cohort.severity_model import fit_severity
    from groundglass.statistics import bootstrap_thresholds

    one_form(json, csv)
    options: dict[str, Any] = {
        "order": names(order, "--order"),
        "goal": goal.value,
        "grid": 1000 if compatible else None,
        "resamples": resamples,
        "level": level,
        "seed": seed,
    }
    with warnings_on_stderr():
        frame = read_table(table, sep=sep, decimal=decimal, encoding=encoding)
        found = bootstrap_thresholds(number_column(frame, value), class_column(frame, classes), **options)
        if save is not None:
            model = fit_severity(frame, value=value, classes=classes, **options)
            model.save(save, overwrite=overwrite)
    if json:
        print_json(
            cuts=found.fit.cuts,
            balanced_accuracy=found.fit.balanced_accuracy,
            lower=[lower for lower, _ in found.cuts],
            upper=[upper for _, upper in found.cuts],
        )
        return
    if csv:
        print_csv(found.to_rows())
        return
    fractions = all(0 <= cut <= 1 for cut in found.fit.cuts)
    print_table(found.to_rows(), percent=("cut", "lower", "upper") if fractions else ())
    print_table(found.fit.to_rows(), percent=("start", "stop") if fractions else ())
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


def _binary(frame: pandas.DataFrame, column: str, positive: str | None) -> list[bool]:
    """0 and 1 (or False and True) as they are; of other classes the positive one."""
    from groundglass.cohort import class_column, class_name

    names = class_column(frame, column)
    known = sorted(set(names))
    if positive is not None:
        positive = class_name(positive)
        if positive not in known:
            raise ValueError(f"column {column} has no class {positive!r}; it has {listed(known)}")
        return [name == positive for name in names]
    truth = {"0": False, "1": True, "false": False, "true": True}
    if any(name.lower() not in truth for name in known):
        raise ValueError(
            f"column {column} must hold 0 and 1, found {listed(known)}; "
            "name the positive class with --positive"
        )
    return [truth[name.lower()] for name in names]


def _numbers(text: str, option: str) -> list[float]:
    from groundglass.cohort.numerals import number_of

    try:
        return [number_of(number, ".") for number in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{option} must be numbers with commas between them, found {text!r}") from error
