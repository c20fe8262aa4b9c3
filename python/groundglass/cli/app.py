"""The commands and their help."""

from __future__ import annotations

from typing import Annotated

import typer

from groundglass.cli import agreement, cohort, collect, compare, models, phantom, serve, slices, study
from groundglass.cli.errors import WrongInput
from groundglass.cli.manual import OTHER, flag, page
from groundglass.cli.options import Debug, LogFormat, LogLevel

HELP = """
How much of the lungs in a chest CT is ground glass or consolidation, and how severe that is.

Nothing leaves the machine, and nothing is downloaded. Results go to the standard output, everything else to
the standard error; what went wrong is one sentence there. Every command has a page of its own: groundglass
COMMAND --help.
"""
EXAMPLES = {
    "A first study, without a CT at hand:": (
        "groundglass phantom --out phantom",
        "groundglass analyze phantom/ct --out result",
    ),
    "A study of your own, with a page to read and print:": "groundglass analyze study/ --out result --report",
    "Completion of commands, options and models in your shell:": "groundglass --install-completion",
    "In a service, with one JSON object a line on the standard error:": (
        "groundglass --log-format json analyze study/ --out result"
    ),
}

app = typer.Typer(
    name="groundglass",
    **page(HELP, examples=EXAMPLES, group=True),
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
    log_level: Annotated[
        LogLevel | None,
        typer.Option(
            "--log-level",
            help="Log from this level on to the standard error, in place of progress bars.",
            show_default=False,
            rich_help_panel="Logging",
        ),
    ] = None,
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            "--log-format",
            help="Log like this, from info on: a line for people, or one JSON object a line.",
            show_default=False,
            rich_help_panel="Logging",
        ),
    ] = None,
    version: Annotated[
        bool,
        flag("--version", callback=_version, is_eager=True, help="Show the version and exit.", panel=OTHER),
    ] = False,
    debug: Debug = False,
) -> None:
    if log_level is not None or log_format is not None:
        from groundglass import logs

        logs.setup(log_level or LogLevel.info, log_format or LogFormat.text)
    if context.invoked_subcommand is None:
        raise WrongInput("no command was given; see `groundglass --help`")


study.register(app)
compare.register(app)
slices.register(app)
collect.register(app)
cohort.register(app)
agreement.register(app)
phantom.register(app)
serve.register(app)
app.add_typer(models.app, name="models", rich_help_panel="Models")
