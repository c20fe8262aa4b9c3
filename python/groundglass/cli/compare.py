"""``groundglass compare``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundglass.cli.manual import INPUT, METHOD, OUTPUT, flag, page
from groundglass.cli.options import (
    Debug,
    DeviceOption,
    Devices,
    LungMethods,
    Models,
    Overwrite,
    PatientKey,
    PresetOption,
    Threads,
    Views,
)

if TYPE_CHECKING:
    from groundglass.compare import Comparison

FILES = {
    "comparison.json": "everything, with full precision and what was checked",
    "changes.csv": "a row a measure and region: then, now, change, interval",
    "comparison.html": "one page: side by side, curves, the change map",
    "change.nii.gz": "1 new, 2 resolved, 3 persistent, 4 denser, 5 lighter",
}
EXAMPLES = {
    "Two studies of one patient:": "groundglass compare january/ march/ --out change",
    "Results that are there already, four of them:": (
        "groundglass compare first second third --days 14,30 --out course"
    ),
    "Only the numbers, for a program:": "groundglass compare january/ march/ --json | jq .verdict",
    "A patient to try it with:": (
        "groundglass phantom --later --out patient",
        "groundglass compare patient/baseline/ct patient/followup/ct --out change",
    ),
}
#: What is printed of both lungs: the heading and the measure.
SHOWN = {
    "Lungs, ml": "lung_ml",
    "Ground glass, ml": "ground_glass_ml",
    "Consolidation, ml": "consolidation_ml",
    "Opacity, ml": "opacity_ml",
    "at the first breath, ml": "opacity_ml_at_breath",
    "PO, %": "opacity_percent",
    "at the first breath, %": "opacity_percent_at_breath",
}


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    settings = page(compare, files=FILES, examples=EXAMPLES, see="groundglass analyze, groundglass collect")
    app.command(rich_help_panel="Measure", **settings)(compare)


def compare(
    baseline: Annotated[
        Path,
        typer.Argument(
            metavar="BASELINE", help="A study, or a folder that analyze wrote.", show_default=False
        ),
    ],
    followup: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLLOWUP [MORE...]", help="The same patient later, once or more.", show_default=False
        ),
    ],
    days: Annotated[
        str | None,
        typer.Option(
            "--days",
            metavar="N,N,...",
            help="Days from the baseline to each follow-up; without it from the dates of DICOM studies.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    lung_method: LungMethods = None,
    model: Models = None,
    preset: PresetOption = None,
    views: Views = None,
    device: DeviceOption = Devices.auto,
    threads: Threads = 0,
    anyway: Annotated[
        bool,
        flag(
            "--anyway",
            help="Compare what would be refused too: another patient, other weights, no plausible lungs. The "
            "result is marked.",
            panel=METHOD,
        ),
    ] = False,
    no_map: Annotated[
        bool, flag("--no-map", help="Leave the registration and the change map out.", panel=METHOD)
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder to write; may be left out with --json.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json: Annotated[
        bool, flag("--json", help="Print comparison.json on stdout instead of the table.", panel=OUTPUT)
    ] = False,
    patient_key: PatientKey = None,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Compare studies of one patient: what has changed, how sure that is, and where.

    Studies are analyzed, folders of results are taken as they are. The change of every measure comes with
    its 90 % interval and the probability of less, the same and more than what two measurements differ by
    anyway; opacity is also scaled to the breath of the baseline. Where the CTs are there, the follow-up is
    registered to the baseline, and each voxel is new, resolved, persistent, denser or lighter.

    Identifiers of DICOM studies are compared and never written. All files are written or none.
    """
    from groundglass.cli.console import blaming_model, console, refuse_existing, stage_bars
    from groundglass.compare import compare as run
    from groundglass.read.patient import read_key

    if out is None and not json:
        raise typer.BadParameter("name the folder to write, or print with --json", param_hint="--out")
    refuse_existing(out, overwrite)
    with blaming_model(model or lung_method), stage_bars() as progress:
        found = run(
            baseline,
            *followup,
            days=None if days is None else _days(days),
            anyway=anyway,
            maps=False if no_map else None,
            lung_method=None if lung_method is None else lung_method.value,
            model=model or None,
            preset=None if preset is None else preset.value,
            views=views,
            device=device.value,
            threads=threads,
            patient_key=None if patient_key is None else read_key(patient_key),
            out=out,
            overwrite=overwrite,
            progress=progress,
        )
    if json:
        sys.stdout.write(found.to_json())
        return
    _print(found)
    console().print(f"Written to {out}", markup=False, soft_wrap=True)


def _days(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"--days must be numbers, as 14,30; found {text!r}") from None


def _print(found: Comparison) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from groundglass.cli.console import console, number
    from groundglass.compare import VERDICTS
    from groundglass.findings.records import NOT_A_DEVICE

    screen = console()
    coverage = f"{100 * found.stage.coverage:g} %"
    for time, name in enumerate(found.names[1:], 1):
        shown = Table(box=SIMPLE_HEAD, pad_edge=False)
        shown.add_column("Both lungs", no_wrap=True)
        for heading in ("Baseline", name.capitalize(), "Change", coverage, "Verdict"):
            shown.add_column(heading, justify="right", no_wrap=True)
        for heading, measure in SHOWN.items():
            row = found.change(measure, time=time)
            low, high = row["difference_lower"], row["difference_upper"]
            bounds = "–" if low != low else f"{low:+.1f} to {high:+.1f}"
            shown.add_row(
                heading,
                number(row["baseline"]),
                number(row["followup"]),
                f"{row['difference']:+.1f}",
                bounds,
                row["verdict"] or "–",
            )
        screen.print(shown)
        made = found.maps[time - 1]
        if made is not None and made.labels is not None:
            parts = ", ".join(f"{kind} {number(ml)} ml" for kind, ml in made.volumes_ml.items())
            screen.print(f"Change map: {parts}", soft_wrap=True)
    grades = " → ".join(str(moment.content["severity"]["ct_grade_extent"]) for moment in found.moments)
    screen.print(f"[bold]{VERDICTS[found.verdict]}[/]; grade by extent {grades}", soft_wrap=True)
    for text in found.marks:
        screen.print(f"[bold yellow]Warning:[/] compared all the same: {text}", soft_wrap=True)
    for text in found.doubts:
        screen.print(f"[dim]Note: {text}[/]", soft_wrap=True)
    screen.print(f"[dim]{NOT_A_DEVICE}[/]")
