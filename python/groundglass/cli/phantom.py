"""``groundglass phantom`` and ``groundglass demo``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from groundglass.cli.manual import METHOD, OUTPUT, flag, page
from groundglass.cli.options import Debug, Model, Out, Overwrite, Threads

PHANTOM_FILES = {
    "ct/": "the study as a DICOM series; with --format nifti ct.nii.gz",
    "lungs.nii.gz": "the true lungs: 1 left, 2 right",
    "lesions.nii.gz": "the true lesions: 1 ground glass, 2 consolidation",
    "lobes.nii.gz": "the true lobes: 1, 2 left, 3 to 5 right, from the top",
    "truth.json": "voxels, ml and percent of each region",
    "change.nii.gz": "--later: 1 new, 2 resolved, 3 kept, 4 denser, 5 lighter",
}
PHANTOM_EXAMPLES = {
    "A patient to try everything with:": "groundglass phantom --out patient",
    "Another one, worse, as NIfTI:": (
        "groundglass phantom --out patient --seed 7 --ground-glass 0.2 \\",
        "    --consolidation 0 --format nifti",
    ),
    "The same patient a month later too:": "groundglass phantom --out patient --later",
}
DEMO_FILES = {
    "study/": "the patient as a DICOM series, with the true masks and truth.json",
    "result/": "what analyze writes of it, with the report",
    "demo.json": "truth, measurement and error of each quantity",
}
DEMO_EXAMPLES = {"Does it work here?": "groundglass demo"}


class Format(StrEnum):
    """How a phantom is written."""

    dicom = "dicom"
    nifti = "nifti"


def register(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    panel = "Try it"
    settings = page(phantom, files=PHANTOM_FILES, examples=PHANTOM_EXAMPLES, see="groundglass demo")
    app.command(rich_help_panel=panel, **settings)(phantom)
    app.command(rich_help_panel=panel, **page(demo, files=DEMO_FILES, examples=DEMO_EXAMPLES))(demo)


def phantom(
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="N", help="Another number is another patient.", rich_help_panel=METHOD
        ),
    ] = 0,
    ground_glass: Annotated[
        float,
        typer.Option(
            "--ground-glass", metavar="F", help="Fraction of the lungs, 0 to 0.9.", rich_help_panel=METHOD
        ),
    ] = 0.08,
    consolidation: Annotated[
        float,
        typer.Option(
            "--consolidation", metavar="F", help="Fraction of the lungs, 0 to 0.9.", rich_help_panel=METHOD
        ),
    ] = 0.03,
    later: Annotated[
        bool,
        flag(
            "--later",
            help="The same patient twice, in baseline/ and followup/: another breath, lesions that have "
            "changed, and the truth of every change.",
            panel=METHOD,
        ),
    ] = False,
    gas: Annotated[
        float,
        typer.Option(
            "--gas",
            metavar="F",
            help="With --later: the gas in the lungs then, over that of before, 0.6 to 1.3.",
            rich_help_panel=METHOD,
        ),
    ] = 0.85,
    *,
    out: Out,
    format: Annotated[
        Format, typer.Option("--format", help="A DICOM series, or NIfTI files.", rich_help_panel=OUTPUT)
    ] = Format.dicom,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Make a chest CT with ground glass and consolidation of exactly known volume.

    Body, ribs, heart, diaphragm, airways and two lungs with branching vessels are drawn by a program, and
    the lesions put into them are counted voxel by voxel. The same options give the same bytes. With --later
    the patient comes back after a month.
    """
    from groundglass import phantom as phantoms
    from groundglass.cli.console import console, refuse_existing
    from groundglass.phantom import write_phantom, write_twice
    from groundglass.write import output_folder

    refuse_existing(out, overwrite)
    if later:
        twice = phantoms.make_twice(
            seed, gas=gas, course=phantoms.MIXED, ground_glass=ground_glass, consolidation=consolidation
        )
        write_twice(out, twice, format.value, overwrite=overwrite)
        parts = ", ".join(f"{name} {ml:.1f} ml" for name, ml in twice.truth["changes_ml"].items())
        console().print(f"Change of opacity: {parts}\nWritten to {out}", markup=False)
        return
    with output_folder(out, overwrite=overwrite) as folder:
        patient = phantoms.make(seed, ground_glass=ground_glass, consolidation=consolidation)
        write_phantom(folder, patient, format=format.value)
    both = patient.truth["regions"]["both lungs"]
    console().print(
        f"Lungs {both['lung_ml']:.0f} ml, ground glass {both['ground_glass_ml']:.1f} ml, consolidation "
        f"{both['consolidation_ml']:.1f} ml, opacity {both['opacity_percent']:.2f} %\nWritten to {out}",
        markup=False,
    )


def demo(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder to write; an earlier demo's is replaced.",
            rich_help_panel=OUTPUT,
        ),
    ] = Path("groundglass-demo"),
    model: Model = None,
    threads: Threads = 0,
    debug: Debug = False,
) -> None:
    """Make a patient with known lungs, measure it, and show the truth beside the result.

    The study is a phantom, so every error is known. Fails where the table of the true masks is not the truth
    itself.
    """
    from groundglass import demo as demos
    from groundglass.cli.console import blaming_model, print_demo, print_result, stage_bars

    with blaming_model(model), stage_bars() as progress:
        found = demos.run(out, model=model, threads=threads, progress=progress)
    print_result(found.result)
    print_demo(found)
    if not found.exact:
        raise RuntimeError("the table of the true masks differs from the truth")
