"""``groundglass segment``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groundglass.cli.options import Compatible, Debug, Models, Out, Overwrite, Threads, Views

EXAMPLES = """
[bold]Examples[/]

  groundglass segment slice.png --out labels

  groundglass segment slices/ --out labels --probabilities
"""


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    app.command(epilog=EXAMPLES)(segment)


def segment(
    images: Annotated[
        Path,
        typer.Argument(
            metavar="IMAGE_OR_FOLDER", help="A PNG or JPEG, or a folder of them.", show_default=False
        ),
    ],
    out: Out,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Write NAME.npy as well: float32 (2, height, width).")
    ] = False,
    model: Models = None,
    views: Views = 1,
    compatible: Compatible = False,
    overwrite: Overwrite = False,
    threads: Threads = 0,
    debug: Debug = False,
) -> None:
    """Mark ground glass and consolidation in single CT slices.

    Writes for each picture a label PNG of the same size, [bold]NAME.png[/], with the values 0, 1 ground glass
    and 2 consolidation (a palette shows them in colour), and [bold]segment.json[/]. The slices should be
    axial and in a lung window. In 16 bits white is 65535; colour becomes luminance, transparency black.
    """
    from rich.markup import escape

    from groundglass.cli.console import blaming_model, console, print_terms, refuse_existing, stage_bars
    from groundglass.slices import segment_images

    refuse_existing(out, overwrite)
    with blaming_model(model or None), stage_bars() as progress:
        results = segment_images(
            images,
            out,
            model=model or None,
            views=views,
            compatible=compatible,
            probabilities=probabilities,
            overwrite=overwrite,
            threads=threads,
            progress=lambda done, total: progress("segmentation", done, total),
        )
    screen = console()
    for entry in results.slices:
        screen.print(
            f"{entry.source}: ground glass {entry.ground_glass_pixels} px, "
            f"consolidation {entry.consolidation_pixels} px, of {entry.width} x {entry.height}",
            markup=False,
            soft_wrap=True,
        )
        for note in entry.notes:
            word = "[bold yellow]Warning:[/]" if note.level == "warning" else "[dim]Note:[/]"
            screen.print(f"  {word} {escape(note.text)}", soft_wrap=True)
    for name in results.skipped:
        screen.print(f"[dim]Passed over, not a PNG or JPEG: {escape(name)}[/]", soft_wrap=True)
    print_terms(screen, results.models)
    screen.print(f"Written to {out}", markup=False, soft_wrap=True)
