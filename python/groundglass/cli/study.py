"""``groundglass analyze``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from groundglass.cli.options import Compatible, Debug, Models, Overwrite, Threads, Views

EXAMPLES = """
[bold]Examples[/]

  groundglass analyze study/ --out result

  groundglass analyze ct.nii.gz --out result --lungs lungs.nii.gz

  groundglass analyze study.zip --json | jq .severity

  groundglass analyze study/ --out result --model semi-inf-net.pt --model mc-unet.pt

  groundglass analyze study/ --out result --severity severity.json
"""


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    app.command(epilog=EXAMPLES)(analyze)


def analyze(
    study: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY", help="DICOM folder or zip, NIfTI, NRRD or MHA file.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder to write; may be left out with --json."),
    ] = None,
    lungs: Annotated[
        Path | None,
        typer.Option(
            "--lungs", metavar="FILE", help="Your own lung mask: 1 left, 2 right, in the CT's grid."
        ),
    ] = None,
    lesions: Annotated[
        Path | None,
        typer.Option(
            "--lesions",
            metavar="FILE",
            help="Your own lesions: 1 ground glass, 2 consolidation; no model runs.",
        ),
    ] = None,
    lobes: Annotated[
        Path | None,
        typer.Option(
            "--lobes",
            metavar="FILE",
            help="A map of the lobes: 1 left upper, 2 left lower, 3 right upper, 4 right middle, 5 right "
            "lower. Without it thirds of the height take their place in scores.",
        ),
    ] = None,
    segments: Annotated[
        Path | None,
        typer.Option(
            "--segments",
            metavar="FILE",
            help="A map of twenty segments, 1 to 20, for their CT severity score.",
        ),
    ] = None,
    model: Models = None,
    views: Views = 1,
    compatible: Compatible = False,
    severity: Annotated[
        Path | None,
        typer.Option(
            "--severity",
            metavar="FILE",
            help="A severity model of groundglass thresholds --save, in place of the published cuts.",
        ),
    ] = None,
    series: Annotated[
        str | None,
        typer.Option("--series", metavar="UID", help="Which DICOM series, where there are several."),
    ] = None,
    keep_uid: Annotated[
        bool,
        typer.Option("--keep-uid", help="Record the series UID in the result; it can lead to the patient."),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print result.json on stdout instead of the table.")
    ] = False,
    overwrite: Overwrite = False,
    threads: Threads = 0,
    debug: Debug = False,
) -> None:
    """Measure a study: volumes, percentages and grades, with masks and a picture.

    Writes [bold]result.json[/], [bold]regions.csv[/], [bold]slices.csv[/], [bold]lungs.nii.gz[/],
    [bold]lesions.nii.gz[/] and [bold]overlay.png[/] to the output folder, all of them or none, and prints a
    table. No name, file path or DICOM identifier of the study is written.
    """
    from groundglass.analyze import analyze as run
    from groundglass.cli.console import (
        blaming_model,
        console,
        print_notes,
        print_result,
        refuse_existing,
        stage_bars,
    )

    if out is None and not json:
        raise typer.BadParameter("name the folder to write, or print with --json", param_hint="--out")
    refuse_existing(out, overwrite)
    with blaming_model(model or None), stage_bars() as progress:
        result = run(
            study,
            lungs=lungs,
            lesions=lesions,
            lobes=lobes,
            segments=segments,
            model=model or None,
            views=views,
            compatible=compatible,
            severity=severity,
            series=series,
            out=out,
            overwrite=overwrite,
            threads=threads,
            keep_uid=keep_uid,
            progress=progress,
        )
    if json:
        sys.stdout.write(result.to_json())
        print_notes(console(stderr=True), [note for note in result.notes if note.level == "warning"])
        return
    print_result(result)
    if out is not None:
        console().print(f"Written to {out}", markup=False, soft_wrap=True)
