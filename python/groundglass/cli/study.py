"""``groundglass analyze``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from groundglass.cli.manual import INPUT, METHOD, OUTPUT, flag, page
from groundglass.cli.options import (
    Compatible,
    Debug,
    DeviceOption,
    Devices,
    LungMethods,
    Models,
    Overwrite,
    PatientKey,
    Positions,
    PresetOption,
    Threads,
    Views,
)

FILES = {
    "result.json": "everything, with full precision and where it comes from",
    "regions.csv": "the table: volumes, percentages, HU of each region",
    "aeration.csv": "air, tissue and low attenuation of the same regions",
    "slices.csv": "the volumes along the slices, from feet to head",
    "lungs.nii.gz": "0 none, 1 left, 2 right; in the axes of the study's file",
    "lesions.nii.gz": "0 none, 1 ground glass, 2 consolidation; likewise",
    "overlay.png": "up to twelve slices with lungs and lesions drawn in",
    "report.html": "with --report: one page to read, print and keep",
    "segmentation.dcm": "with --dicom-seg: the masks as DICOM SEG",
    "measurements.dcm": "with --dicom-sr: the table as DICOM SR, TID 1500",
    "*.parquet": "with --parquet: regions, aeration and slices as Parquet",
}
EXAMPLES = {
    "Measure a study and keep everything:": "groundglass analyze study/ --out result",
    "With a page to read and print:": "groundglass analyze study.zip --out result --report",
    "For a PACS:": "groundglass analyze study/ --out result --dicom-seg --dicom-sr",
    "With lungs of your own:": "groundglass analyze ct.nii.gz --out result --lungs lungs.nii.gz",
    "Only the numbers, for a program:": "groundglass analyze study.zip --json | jq .severity",
    "With Inf-Net's two networks:": (
        "groundglass analyze study/ --out result \\",
        "    --model semi-inf-net.pt --model mc-unet.pt",
    ),
    "Graded as your own cohort was:": "groundglass analyze study/ --out result --severity severity.json",
}


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    settings = page(
        analyze, files=FILES, examples=EXAMPLES, see="groundglass segment, groundglass thresholds"
    )
    app.command(rich_help_panel="Measure", **settings)(analyze)


def analyze(
    study: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY", help="DICOM folder or zip, NIfTI, NRRD or MHA file.", show_default=False
        ),
    ],
    series: Annotated[
        str | None,
        typer.Option(
            "--series",
            metavar="UID",
            help="Which DICOM series, where there are several.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    lungs: Annotated[
        Path | None,
        typer.Option(
            "--lungs",
            metavar="FILE",
            help="Your own lung mask in the CT's grid: two values, told by their places, or one for both.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    lesions: Annotated[
        Path | None,
        typer.Option(
            "--lesions",
            metavar="FILE",
            help="Your own lesions: 1 ground glass, 2 consolidation; no model runs.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    lobes: Annotated[
        Path | None,
        typer.Option(
            "--lobes",
            metavar="FILE",
            help="A map of the lobes: 1 left upper, 2 left lower, 3 right upper, 4 right middle, 5 right "
            "lower, other numbers by their places, or a folder with a file for each. Without it lobes are "
            "estimated from the lungs' shape and fissures.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    segments: Annotated[
        Path | None,
        typer.Option(
            "--segments",
            metavar="FILE",
            help="A map of twenty segments, 1 to 20, for their CT severity score.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    lung_method: LungMethods = None,
    preset: PresetOption = None,
    model: Models = None,
    views: Views = None,
    compatible: Compatible = False,
    device: DeviceOption = Devices.auto,
    threads: Threads = 0,
    severity: Annotated[
        Path | None,
        typer.Option(
            "--severity",
            metavar="FILE",
            help="A severity model of groundglass thresholds --save, in place of the published cuts.",
            rich_help_panel=METHOD,
        ),
    ] = None,
    aeration_bands: Annotated[
        str | None,
        typer.Option(
            "--aeration-bands",
            metavar="HU,HU,HU,HU",
            help="Edges between hyperinflated, normally, poorly and non-aerated lung and what is denser, in "
            "place of -900,-500,-100,100.",
            rich_help_panel=METHOD,
        ),
    ] = None,
    position: Annotated[
        Positions | None,
        typer.Option(
            "--position",
            help="How the patient lay, where no DICOM header says so: dependent density is told by it.",
            show_default=False,
            rich_help_panel=METHOD,
        ),
    ] = None,
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
    report: Annotated[
        bool, flag("--report", help="Write report.html too: one page to read, print and keep.", panel=OUTPUT)
    ] = False,
    dicom_seg: Annotated[
        bool,
        flag(
            "--dicom-seg",
            help="Write segmentation.dcm too, a DICOM SEG of the source series.",
            panel=OUTPUT,
        ),
    ] = False,
    dicom_sr: Annotated[
        bool,
        flag(
            "--dicom-sr",
            help="Write measurements.dcm too, a DICOM SR (TID 1500) of the table.",
            panel=OUTPUT,
        ),
    ] = False,
    parquet: Annotated[
        bool, flag("--parquet", help="Write the tables as Parquet too.", panel=OUTPUT)
    ] = False,
    json: Annotated[
        bool, flag("--json", help="Print result.json on stdout instead of the table.", panel=OUTPUT)
    ] = False,
    keep_uid: Annotated[
        bool,
        flag(
            "--keep-uid",
            help="Record the series UID in the result; it can lead to the patient.",
            panel=OUTPUT,
        ),
    ] = False,
    patient_key: PatientKey = None,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Measure a study: volumes, percentages and grades, with masks and a picture.

    Reads a chest CT, finds the lungs, marks ground glass and consolidation, and measures how much of the
    lungs they take up: of both, of each, and of the thirds of their height. Prints the table, the grade and
    how probable it is, and what was mended or is to be doubted. All files are written or none.

    No name, file path or identifier of the patient is written, except to the two DICOM objects, which go
    back to the patient's record.
    """
    from groundglass import logs
    from groundglass.analyze import analyze as run
    from groundglass.cli.console import (
        blaming_model,
        console,
        print_notes,
        print_result,
        refuse_existing,
        stage_bars,
    )
    from groundglass.read.patient import read_key

    asked = {"report": report, "dicom-seg": dicom_seg, "dicom-sr": dicom_sr, "parquet": parquet}
    extras = [name for name, wanted in asked.items() if wanted]
    if out is None and extras:
        raise typer.BadParameter(f"name the folder for --{extras[0]}", param_hint="--out")
    if out is None and not json:
        raise typer.BadParameter("name the folder to write, or print with --json", param_hint="--out")
    bands = None if aeration_bands is None else _edges(aeration_bands)
    refuse_existing(out, overwrite)
    with blaming_model(model or lung_method), stage_bars() as progress:
        result = run(
            study,
            lungs=lungs,
            lesions=lesions,
            lobes=lobes,
            segments=segments,
            lung_method=None if lung_method is None else lung_method.value,
            preset=None if preset is None else preset.value,
            model=model or None,
            views=views,
            compatible=compatible,
            device=device.value,
            severity=severity,
            aeration_bands=bands,
            position=None if position is None else position.value,
            series=series,
            out=out,
            overwrite=overwrite,
            threads=threads,
            keep_uid=keep_uid,
            patient_key=None if patient_key is None else read_key(patient_key),
            extras=extras,
            progress=progress,
        )
    if json:
        sys.stdout.write(result.to_json())
        if not logs.is_set_up():  # they are log lines then
            print_notes(console(stderr=True), [note for note in result.notes if note.level == "warning"])
        return
    print_result(result)
    if out is not None:
        console().print(f"Written to {out}", markup=False, soft_wrap=True)


def _edges(text: str) -> list[int]:
    """The edges of ``HU,HU,HU,HU``; how many there must be and in which order is the stage's to say."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        example = "as -900,-500,-100,100"
        raise ValueError(
            f"--aeration-bands must be four whole numbers in HU, {example}; found {text!r}"
        ) from None
