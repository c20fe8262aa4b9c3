"""``groundglass segment``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groundglass.cli.manual import OUTPUT, flag, page
from groundglass.cli.options import (
    Compatible,
    Debug,
    DeviceOption,
    Devices,
    Models,
    Out,
    Overwrite,
    PresetOption,
    Threads,
    Views,
)

FILES = {
    "NAME.png": "of the same size: 0 none, 1 ground glass, 2 consolidation,",
    "": "with --lungs 3 other lung; a palette shows them in colour",
    "NAME.npy": "with --probabilities: float32 (2, height, width)",
    "segment.json": "areas and percentages of each picture, and the models",
}
EXAMPLES = {
    "One picture:": "groundglass segment slice.png --out labels",
    "All of a folder, with their lungs:": "groundglass segment slices/ --out labels --lungs",
    "With the probabilities behind the labels:": "groundglass segment slices/ --out labels --probabilities",
}


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    settings = page(
        segment, files=FILES, examples=EXAMPLES, see="groundglass analyze, for whole studies in HU"
    )
    app.command(rich_help_panel="Measure", **settings)(segment)


def segment(
    images: Annotated[
        Path,
        typer.Argument(
            metavar="IMAGE_OR_FOLDER", help="A PNG or JPEG, or a folder of them.", show_default=False
        ),
    ],
    preset: PresetOption = None,
    model: Models = None,
    views: Views = None,
    compatible: Compatible = False,
    device: DeviceOption = Devices.auto,
    threads: Threads = 0,
    *,
    out: Out,
    lungs: Annotated[
        bool, flag("--lungs", help="Label other lung too, with the value 3.", panel=OUTPUT)
    ] = False,
    probabilities: Annotated[
        bool,
        flag("--probabilities", help="Write NAME.npy as well: float32 (2, height, width).", panel=OUTPUT),
    ] = False,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Mark ground glass and consolidation in single CT slices.

    Gives for each picture a label picture of the same size, and prints what share of the lungs in it is
    ground glass and consolidation. The slices should be axial and in a lung window: a picture has no HU, so
    its window can't be told from its values. In 16 bits white is 65535; colour becomes luminance,
    transparency black.
    """
    from rich.markup import escape

    from groundglass.cli.console import (
        blaming_model,
        console,
        extent_line,
        print_terms,
        refuse_existing,
        stage_bars,
    )
    from groundglass.slices import segment_images

    refuse_existing(out, overwrite)
    with blaming_model(model or None), stage_bars() as progress:
        results = segment_images(
            images,
            out,
            preset=None if preset is None else preset.value,
            model=model or None,
            views=views,
            compatible=compatible,
            device=device.value,
            lungs=lungs,
            probabilities=probabilities,
            overwrite=overwrite,
            threads=threads,
            progress=lambda done, total: progress("segmentation", done, total),
        )
    screen = console()
    for entry in results.slices:
        screen.print(f"{entry.source}: {extent_line(entry.extent)}", markup=False, soft_wrap=True)
        for note in entry.notes:
            word = "[bold yellow]Warning:[/]" if note.level == "warning" else "[dim]Note:[/]"
            screen.print(f"  {word} {escape(note.text)}", soft_wrap=True)
    for name in results.skipped:
        screen.print(f"[dim]Passed over, not a PNG or JPEG: {escape(name)}[/]", soft_wrap=True)
    print_terms(screen, results.models)
    screen.print(f"Written to {out}", markup=False, soft_wrap=True)
