"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from groundglass.cli.manual import MODEL, OTHER, OUTPUT, flag


def model_names(incomplete: str) -> list[str]:
    """The bundled models that begin like this; for anything else the shell offers files."""
    from groundglass.weights import available

    return [name for name in available() if name.startswith(incomplete)]


def view_counts(incomplete: str) -> list[str]:
    """The numbers of views there are."""
    return [count for count in ("1", "2", "4", "8") if count.startswith(incomplete)]


class LogLevel(StrEnum):
    """From which level on lines are logged."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


class LogFormat(StrEnum):
    """What a log line looks like."""

    text = "text"
    json = "json"


class Presets(StrEnum):
    """How much time lesions are worth."""

    fast = "fast"
    standard = "standard"
    best = "best"


class Devices(StrEnum):
    """Where networks run."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Positions(StrEnum):
    """How a patient lies."""

    supine = "supine"
    prone = "prone"
    left_side = "left_side"
    right_side = "right_side"


class LungMethod(StrEnum):
    """How lungs are found."""

    network = "network"
    classical = "classical"


Out = Annotated[
    Path,
    typer.Option("--out", "-o", metavar="DIR", help="Folder to write; new or empty.", rich_help_panel=OUTPUT),
]
Overwrite = Annotated[bool, flag("--overwrite", help="Replace an existing output folder.", panel=OUTPUT)]
PatientKey = Annotated[
    Path | None,
    typer.Option(
        "--patient-key",
        metavar="FILE",
        help="A secret of yours: the result holds a digest of the patient's ID by it, for compare.",
        rich_help_panel=OUTPUT,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME|FILE",
        help="A bundled model or a model file. A file is code: trust it.",
        autocompletion=model_names,
        rich_help_panel=MODEL,
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME|FILE",
        help="A bundled model or a model file; again for several, averaged, or Inf-Net's two. A file is "
        "code: trust it.",
        autocompletion=model_names,
        rich_help_panel=MODEL,
    ),
]
LungMethods = Annotated[
    LungMethod | None,
    typer.Option(
        "--lung-method",
        help="Find the lungs by the bundled network or by the classical mask; without it by the network "
        "where torch is installed.",
        show_default=False,
        rich_help_panel=MODEL,
    ),
]
PresetOption = Annotated[
    Presets | None,
    typer.Option(
        "--preset",
        help="How much time lesions are worth: one network, both (what is done without a word), or both over "
        "four flips.",
        show_default=False,
        rich_help_panel=MODEL,
    ),
]
DeviceOption = Annotated[
    Devices,
    typer.Option(
        "--device",
        help="Where networks run; auto takes a CUDA device where there is one. Where CUDA is absent or fails "
        "the CPU takes over, with a warning.",
        rich_help_panel=MODEL,
    ),
]
Views = Annotated[
    int | None,
    typer.Option(
        "--views",
        metavar="1|2|4|8",
        help="Average over each slice as it is (1), mirrored (2), flipped (4), turned (8); costs that many "
        "times the time.",
        show_default=False,
        autocompletion=view_counts,
        rich_help_panel=MODEL,
    ),
]
Compatible = Annotated[
    bool,
    flag(
        "--compatible",
        help="Follow the published flow to the letter: Inf-Net, or a four-class network.",
        panel=MODEL,
    ),
]
Threads = Annotated[
    int,
    typer.Option(
        "--threads",
        min=0,
        metavar="N",
        help="Slices worked on at a time; 0 is one a core.",
        rich_help_panel=MODEL,
    ),
]
# read by groundglass.cli.main from the arguments themselves, so that it works for errors of parsing as well
Debug = Annotated[bool, flag("--debug", help="Show the traceback of an error.", panel=OTHER)]
