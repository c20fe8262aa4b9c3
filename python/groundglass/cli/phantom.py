"""``groundglass phantom`` and ``groundglass demo``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from groundglass.cli.options import Debug, Model, Out, Overwrite, Threads

PHANTOM_EXAMPLES = """
[bold]Examples[/]

  groundglass phantom --out patient

  groundglass phantom --out patient --seed 7 --ground-glass 0.2 --consolidation 0 --format nifti
"""

DEMO_EXAMPLES = """
[bold]Example[/]

  groundglass demo
"""


class Format(StrEnum):
    """How a phantom is written."""

    dicom = "dicom"
    nifti = "nifti"


def register(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    app.command(epilog=PHANTOM_EXAMPLES)(phantom)
    app.command(epilog=DEMO_EXAMPLES)(demo)


def phantom(
    out: Out,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another number is another patient.")] = 0,
    ground_glass: Annotated[
        float, typer.Option("--ground-glass", metavar="F", help="Fraction of the lungs, 0 to 0.9.")
    ] = 0.08,
    consolidation: Annotated[
        float, typer.Option("--consolidation", metavar="F", help="Fraction of the lungs, 0 to 0.9.")
    ] = 0.03,
    format: Annotated[
        Format, typer.Option("--format", help="A DICOM series, or NIfTI files.")
    ] = Format.dicom,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Make a chest CT with ground glass and consolidation of exactly known volume.

    Writes the study, its true masks and [bold]truth.json[/]. The same options give the same bytes.
    """
    from groundglass import phantom as phantoms
    from groundglass.cli.console import console, refuse_existing
    from groundglass.phantom import write_phantom
    from groundglass.write import output_folder

    refuse_existing(out, overwrite)
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
        typer.Option("--out", "-o", metavar="DIR", help="Folder to write; an earlier demo's is replaced."),
    ] = Path("groundglass-demo"),
    model: Model = None,
    threads: Threads = 0,
    debug: Debug = False,
) -> None:
    """Make a patient with known lungs, measure it, and show the truth beside the result."""
    from groundglass import demo as demos
    from groundglass.cli.console import blaming_model, print_demo, print_result, stage_bars

    with blaming_model(model), stage_bars() as progress:
        found = demos.run(out, model=model, threads=threads, progress=progress)
    print_result(found.result)
    print_demo(found)
    if not found.exact:
        raise RuntimeError("the table of the true masks differs from the truth")
