"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to write; must not exist.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing output folder.")]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="NAME|FILE", help="A bundled model or a model file. A file is code: trust it."
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME|FILE",
        help="A bundled model or a model file; again for several, averaged, or Inf-Net's two. A file is "
        "code: trust it.",
    ),
]
Views = Annotated[
    int,
    typer.Option(
        "--views",
        metavar="1|2|4|8",
        help="Average over each slice as it is (1), mirrored (2), flipped (4), turned (8); costs that many "
        "times the time.",
    ),
]
Compatible = Annotated[
    bool,
    typer.Option(
        "--compatible", help="Follow the published flow to the letter: Inf-Net, or a four-class network."
    ),
]
Threads = Annotated[
    int, typer.Option("--threads", min=0, metavar="N", help="Slices worked on at a time; 0 is one a core.")
]
# read by groundglass.cli.main from the arguments themselves, so that it works for errors of parsing as well
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
