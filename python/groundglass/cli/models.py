"""``groundglass models``."""

from __future__ import annotations

from typing import Annotated

import typer

from groundglass.cli import import_model
from groundglass.cli.manual import page
from groundglass.cli.options import Debug, model_names

HELP = """
Show the bundled models, check them, or make a model file of a published checkpoint.

Without a further word the same as groundglass models list.
"""
LIST = {"What comes with it:": "groundglass models list"}
INFO = {
    "Its classes, licence, training data, calibration:": "groundglass models info ensemble-lite",
    "Of a file of your own:": "groundglass models info my-net.pt | jq .calibration",
}
VERIFY = {
    "Are the bundled files what the manifest says?": "groundglass models verify",
    "Does a model of your own load, and give what its contract says?": "groundglass models verify my-net.pt",
}

app = typer.Typer(**page(HELP, examples=LIST | INFO | VERIFY, group=True), rich_markup_mode="rich")


@app.callback(invoke_without_command=True)
def models(context: typer.Context, debug: Debug = False) -> None:
    if context.invoked_subcommand is None:
        show_list()


def show_list(debug: Debug = False) -> None:
    """List the bundled models, those of the default first, the one that finds lungs last."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from groundglass.cli.console import console
    from groundglass.weights import defaults, everything, find

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("Name", "Default", "SHA-256", "Classes", "Licence"):
        table.add_column(heading)
    table.add_column("Bytes", justify="right")
    default = {file.name for file in defaults()}
    for name in everything():
        file = find(name)
        table.add_row(
            file.name,
            "yes" if name in default else "",
            file.sha256[:12],
            ", ".join(file.contract["output"].get("classes", [])),
            str(file.contract.get("licence", "not stated")),
            str(file.path.stat().st_size),
        )
    console().print(table)


def show_info(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE", help="A bundled model or a model file.", autocompletion=model_names
        ),
    ],
    debug: Debug = False,
) -> None:
    """Show a model's contract as JSON; a bundled file is checked against its SHA-256."""
    import json
    import sys

    from groundglass.cli.console import blaming_model
    from groundglass.weights import find

    with blaming_model(name):
        file = find(name)
    content = {"name": file.name, "sha256": file.sha256, "bytes": file.path.stat().st_size} | file.contract
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def verify(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME|FILE",
            help="Models to load and try; without any, the bundled.",
            autocompletion=model_names,
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Check every bundled file against the manifest's SHA-256, or load and try the models that are named.

    Stops at the first that fails. A file is code: name only those you trust.
    """
    from groundglass.cli.console import blaming_model
    from groundglass.weights import everything, find

    if not files:
        for name in everything():
            typer.echo(f"{name}: SHA-256 {find(name).sha256}, as the manifest says")
        return
    from groundglass.segmentation import try_model

    with blaming_model(files):
        for name in files:
            found = find(name)
            try_model(name)
            typer.echo(f"{found.name}: SHA-256 {found.sha256}, loads and gives what its contract says")


app.command("list", **page(show_list, examples=LIST))(show_list)
app.command("info", **page(show_info, examples=INFO))(show_info)
app.command("verify", **page(verify, examples=VERIFY))(verify)
import_model.register(app)
