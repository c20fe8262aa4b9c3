"""``groundglass collect``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groundglass.cli.manual import INPUT, OUTPUT, flag, page
from groundglass.cli.options import Debug
from groundglass.cli.tables import COHORTS, print_csv

EXAMPLES = {
    "A table of all results below a folder:": "groundglass collect results/* --out cohort.csv",
    "As Parquet:": "groundglass collect results/* --out cohort.parquet",
    "Of patients who came more than once:": (
        "groundglass collect results/* --visits visits.csv --out course.csv"
    ),
}


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    settings = page(collect, examples=EXAMPLES, see="groundglass analyze, groundglass thresholds")
    app.command(rich_help_panel=COHORTS, **settings)(collect)


def collect(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="RESULT", help="Folders that analyze wrote.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Table to write: .csv, .tsv or .parquet. Without it CSV goes to the standard output.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    visits: Annotated[
        Path | None,
        typer.Option(
            "--visits",
            metavar="FILE",
            help="A table with a row a result: its folder's name, a key of the patient, a date or day.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    patient: Annotated[
        str,
        typer.Option("--patient", metavar="COLUMN", help="Of the keys in --visits.", rich_help_panel=INPUT),
    ] = "patient",
    date: Annotated[
        str,
        typer.Option("--date", metavar="COLUMN", help="Of the dates in --visits.", rich_help_panel=INPUT),
    ] = "date",
    overwrite: Annotated[bool, flag("--overwrite", help="Replace an existing table.", panel=OUTPUT)] = False,
    debug: Debug = False,
) -> None:
    """Make one table of many results: a row a study, with its volumes, percentages, grades and bounds.

    The first column is the name of the result's folder. Put the outcome of each patient beside it, and the
    table is what the other commands of cohorts take.

    With --visits the rows go by patient and day: the key of the patient, the number of the visit and the days
    since the first. The key is written as your table has it; dates are not written.
    """
    from groundglass.cli.console import console
    from groundglass.cli.errors import WrongInput
    from groundglass.cohort import collect as collected
    from groundglass.cohort import write_table
    from groundglass.cohort.visits import with_visits

    if out is not None and out.is_file() and not overwrite:
        raise WrongInput(f"the table {out} exists; choose another name, or give --overwrite")
    rows = collected(results)
    if visits is not None:
        rows = with_visits(rows, visits, patient=patient, day=date)
    if out is None:
        print_csv(rows)
        return
    write_table(rows, out, overwrite=overwrite)
    console().print(f"{len(rows)} results written to {out}", markup=False, soft_wrap=True)
