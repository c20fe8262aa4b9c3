"""What the commands on tables share: their options, and how their answers are printed."""

from __future__ import annotations

import json
import logging
import math
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from groundglass.cli.manual import INPUT, METHOD, OUTPUT, flag

#: The group of these commands on the program's page.
COHORTS = "Cohorts"

Source = Annotated[
    Path,
    typer.Argument(
        metavar="TABLE", help="CSV, TSV, TXT or Parquet file, one row a patient.", show_default=False
    ),
]
Sep = Annotated[
    str | None,
    typer.Option(
        "--sep",
        metavar="SIGN",
        help="What parts the columns of a text: ',' ';' tab or another sign. Without it the header tells.",
        rich_help_panel=INPUT,
    ),
]
Decimal = Annotated[
    str | None,
    typer.Option(
        "--decimal",
        metavar=".|,",
        help="The decimal sign of numbers as text. Without it the column tells.",
        rich_help_panel=INPUT,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="Of a text, such as cp1252. Without it UTF-8, or UTF-16 with its mark.",
        rich_help_panel=INPUT,
    ),
]
Json = Annotated[bool, flag("--json", help="Print one JSON object instead of the table.", panel=OUTPUT)]
Csv = Annotated[bool, flag("--csv", help="Print the table as CSV.", panel=OUTPUT)]
Level = Annotated[
    float,
    typer.Option("--level", metavar="P", help="Of the bounds, between 0 and 1.", rich_help_panel=METHOD),
]


def listed(names: Sequence[str], most: int = 8) -> str:
    """The names for a sentence."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def one_form(as_json: bool, as_csv: bool) -> None:
    """Raises :class:`ValueError` where both are asked for."""
    if as_json and as_csv:
        raise ValueError("--json and --csv exclude each other")


def names(text: str, option: str) -> list[str]:
    """The classes of ``A,B,C`` as a table has them. Raises :class:`ValueError` for fewer than two, or one
    twice."""
    from groundglass.cohort import class_name

    found = [class_name(name) for name in text.split(",")]
    if len(found) < 2 or not all(found) or len(set(found)) < len(found):
        raise ValueError(f"{option} must name two classes or more, each once, as A,B,C; found {text!r}")
    return found


@contextmanager
def warnings_on_stderr() -> Iterator[None]:
    """Warnings as a sentence each, as notes are printed; how a table was read is a note."""
    from groundglass import logs
    from groundglass.cli.console import console
    from groundglass.cohort import TableWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    screen = console(stderr=True)
    for text, kind in {str(entry.message): entry.category for entry in caught}.items():
        level, word = (
            (logging.INFO, "Note") if issubclass(kind, TableWarning) else (logging.WARNING, "Warning")
        )
        if logs.is_set_up():
            logging.getLogger(__name__).log(level, word.lower(), extra={"text": text})
        else:
            screen.print(f"{word}: {text}", markup=False, soft_wrap=True)


def print_json(**content: Any) -> None:
    """One object, None for "no answer"."""
    from groundglass.tables import without_nan

    sys.stdout.write(json.dumps(without_nan(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    """The rows with a heading, an empty cell for "no answer"."""
    from groundglass.tables import to_csv

    sys.stdout.write(to_csv(rows))


def print_table(rows: Sequence[Mapping[str, Any]], *, percent: Sequence[str] = ()) -> None:
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
