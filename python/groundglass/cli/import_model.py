"""``groundglass models import``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from groundglass._optional import require
from groundglass.cli.manual import METHOD, OUTPUT, flag, page
from groundglass.cli.options import Debug

FILES = {
    "FILE.pt": "the model with its contract, for --model",
    "FILE.pt2": "with --aoti: the same compiled for this machine",
}
EXAMPLES = {
    "Inf-Net's infection network:": (
        "groundglass models import Semi-Inf-Net-100.pth --as inf-net \\",
        "    --out semi-inf-net.pt",
    ),
    "Its multi-class network, in half the size:": (
        "groundglass models import unet_model_200.pkl --as mc-unet \\",
        "    --out mc-unet.pt --half",
    ),
}


class Published(StrEnum):
    """The published networks. Written out, so that the help needs no torch."""

    inf_net = "inf-net"
    inf_net_resnet50 = "inf-net-resnet50"
    inf_net_vgg16 = "inf-net-vgg16"
    mc_unet = "mc-unet"
    unet_efficientnet_b0 = "unet-efficientnet-b0"
    pspnet_efficientnet_b2 = "pspnet-efficientnet-b2"
    pspnet_efficientnet_b1 = "pspnet-efficientnet-b1"
    ensemble = "ensemble"
    ensemble_b1 = "ensemble-b1"


#: What the model file says of itself.
CONTRACT = "Contract"
NETWORKS = f"Whose weights it holds: {', '.join(entry.value for entry in Published)}."


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    app.command("import", **page(import_model, files=FILES, examples=EXAMPLES))(import_model)


def import_model(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="A .pth or .pkl file of PyTorch.", show_default=False)
    ],
    architecture: Annotated[
        Published,
        typer.Option("--as", metavar="NETWORK", help=NETWORKS, show_default=False, rich_help_panel=METHOD),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE.pt",
            help="Model file to write.",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ],
    aoti: Annotated[
        bool,
        flag(
            "--aoti",
            help="Compile FILE.pt2 as well, for this machine; needs a C++ compiler, minutes.",
            panel=OUTPUT,
        ),
    ] = False,
    half: Annotated[bool, flag("--half", help="Round the weights to half precision.", panel=OUTPUT)] = False,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="The model's name in results.", rich_help_panel=CONTRACT),
    ] = None,
    training_data: Annotated[
        str | None,
        typer.Option(
            "--training-data",
            metavar="TEXT",
            help="What it was trained on, if you know.",
            rich_help_panel=CONTRACT,
        ),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            "--licence",
            metavar="TEXT",
            help="The weights' terms of use, if you know them.",
            rich_help_panel=CONTRACT,
        ),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--origin", metavar="TEXT", help="Where the weights come from.", rich_help_panel=CONTRACT
        ),
    ] = None,
    overwrite: Annotated[bool, flag("--overwrite", help="Replace existing files.", panel=OUTPUT)] = False,
    debug: Debug = False,
) -> None:
    """Make a model file of a checkpoint of Inf-Net or the four-class ensemble.

    Nothing in the checkpoint is run. The terms of use of its weights hold for the model file too.
    """
    from rich.markup import escape

    from groundglass.cli.console import blaming_model, console

    require("importing a model", "torch")
    from groundglass.models.importer import import_checkpoint

    with blaming_model(checkpoint):
        model = import_checkpoint(
            checkpoint,
            architecture.value,
            out,
            half=half,
            aoti=aoti,
            name=name,
            training_data=training_data,
            licence=licence,
            origin=origin,
            overwrite=overwrite,
        )
    screen = console()
    for path in (model.path, model.compiled):
        if path is not None:
            screen.print(f"{escape(str(path))}  {path.stat().st_size} bytes", soft_wrap=True)
    screen.print(f"Classes: {', '.join(model.contract['output']['classes'])}", soft_wrap=True)
    screen.print(f"Licence: {escape(model.contract['licence'])}", soft_wrap=True)
