"""``groundglass agreement``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundglass.cli.manual import INPUT, page
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

    from groundglass.evaluation import Estimate

EXAMPLES = {
    "Two readers' measurements:": "groundglass agreement readers.csv --first reader_1 --second reader_2",
    "Two readers' grades:": (
        "groundglass agreement readers.csv --first grade_1 --second grade_2 \\",
        "    --order CT-0,CT-1,CT-2,CT-3,CT-4",
    ),
}


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    settings = page(agreement, examples=EXAMPLES, see="groundglass intervals")
    app.command(rich_help_panel=COHORTS, **settings)(agreement)


def agreement(
    table: Source,
    first: Annotated[
        str | None,
        typer.Option(
            "--first", metavar="COLUMN", help="One measurement, or one reader's class.", rich_help_panel=INPUT
        ),
    ] = None,
    second: Annotated[
        str | None,
        typer.Option(
            "--second", metavar="COLUMN", help="The other one of the same patients.", rich_help_panel=INPUT
        ),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            "--order",
            metavar="A,B,C",
            help="The columns hold classes, these, in this order.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    sep: Sep = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    level: Level = 0.95,
    json: Json = False,
    csv: Csv = False,
    debug: Debug = False,
) -> None:
    """How well two measurements, or with --order two classifications, of the same patients agree.

    Measurements: bias and limits of agreement, intraclass correlation. Classes: kappa and the confusion
    matrix, the first column taken as the truth. The columns need no names where exactly two hold numbers.
    """
    from groundglass.cohort import class_column, number_column, read_table

    one_form(json, csv)
    with warnings_on_stderr():
        frame = read_table(table, sep=sep, decimal=decimal, encoding=encoding)
        one, two = _pair(frame, first, second)
        if order is None:
            content, rows = _measurements(number_column(frame, one), number_column(frame, two), level)
        else:
            known = names(order, "--order")
            columns = {name: class_column(frame, name) for name in (one, two)}
            for name, values in columns.items():
                for row, found in enumerate(values, start=1):
                    if found not in known:
                        raise ValueError(f"column {name}, row {row}: {found!r} is not one of {listed(known)}")
            content, rows = _classes(columns[one], columns[two], known, level)
    if json:
        print_json(first=one, second=two, **content)
    elif csv:
        print_csv(rows[0])
    else:
        for part in rows:
            print_table(part)


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
    from groundglass.cohort import holds_numbers
    from groundglass.cohort.numerals import is_numeral

    numbers = [str(name) for name in frame if holds_numbers(frame, str(name))]
    if any(map(is_numeral, numbers)):
        raise ValueError(
            f"the header holds numbers ({listed(numbers)}); write the columns' names above the first row, "
            "or, where these are the names, give --first and --second"
        )
    if len(numbers) != 2:
        raise ValueError(
            f"the table has {len(numbers)} columns of numbers; name two with --first and --second "
            f"among {', '.join(map(str, frame.columns))}"
        )
    return numbers[0], numbers[1]
