"""The commands and their help."""

from __future__ import annotations

from typing import Annotated

import typer

from groundglass.cli import WrongInput, cohort, models, phantom, slices, study
from groundglass.cli.options import Debug

app = typer.Typer(
    name="groundglass",
    help="How much of the lungs in a chest CT is ground glass or consolidation, and how severe that is.",
    epilog="Not a medical device. Exit codes: 0 done, 1 failed inside, 2 wrong input or use.",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(asked: bool) -> None:
    if asked:
        from groundglass._core import __version__

        typer.echo(f"groundglass {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Debug = False,
) -> None:
    if context.invoked_subcommand is None:
        raise WrongInput("no command was given; see `groundglass --help`")


study.register(app)
slices.register(app)
cohort.register(app)
phantom.register(app)
app.add_typer(models.app, name="models")
