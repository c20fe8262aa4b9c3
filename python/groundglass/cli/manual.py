"""Help laid out like a manual page: synopsis, what a command does, its options in groups, the files it
writes, examples, exit codes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from typer.core import TyperCommand, TyperGroup

from groundglass.findings.records import NOT_A_DEVICE

if TYPE_CHECKING:
    from typer.core import TyperOption

#: Groups of options, in the order in which a page shows them.
INPUT, MODEL, METHOD, OUTPUT, OTHER = "Input", "Model", "Method", "Output", "Other"

EXIT_CODES = {
    "0": "done",
    "1": "failed inside",
    "2": "wrong input or use",
    "130": "stopped by Ctrl-C",
    "143": "asked to end (SIGTERM)",
}


class _Page:
    """Shows the epilog line by line, which Typer may join, and has ``--help`` in the last group."""

    epilog: str | None

    def format_help(self, context: Any, formatter: Any) -> None:
        below, self.epilog = self.epilog, None
        try:
            super().format_help(context, formatter)  # type: ignore[misc]
        finally:
            self.epilog = below
        Console(highlight=False).print(Padding(below or "", 1))

    def get_help_option(self, context: Any) -> TyperOption | None:
        option: Any = super().get_help_option(context)  # type: ignore[misc]
        if option is not None:
            option.rich_help_panel, option.metavar = OTHER, ""
        return option  # type: ignore[no-any-return]


class Command(_Page, TyperCommand):
    """A command with such a page."""


class Group(_Page, TyperGroup):
    """A command of commands with such a page; the options that Typer adds have a group of their own."""

    def get_params(self, context: Any) -> list[Any]:
        found: list[Any] = super().get_params(context)
        for option in found:
            if option.name in ("install_completion", "show_completion"):
                option.rich_help_panel, option.metavar = "Shell completion", ""
        return found


def flag(*names: str, help: str, panel: str, **settings: Any) -> Any:
    """An option that takes no value."""
    return typer.Option(*names, metavar="", help=help, rich_help_panel=panel, **settings)


def page(
    of: Callable[..., object] | str,
    *,
    examples: Mapping[str, str | Sequence[str]],
    files: Mapping[str, str] | None = None,
    see: str = "",
    group: bool = False,
) -> dict[str, Any]:
    """The settings of a command for Typer: class, help and epilog.

    `of` is the function, whose docstring says what the command does, or that text. `examples` go from what
    is wanted to the words to type; `files` from the name of what is written to what it holds. `see` is where
    to read on. A paragraph's lines are joined, so that it fills the terminal that it is shown on.
    """
    text = of if isinstance(of, str) else inspect.getdoc(of) or ""
    parts = [_section("Files", _columns(files))] if files else []
    shown = []
    for purpose, words in examples.items():
        lines = [words] if isinstance(words, str) else words
        shown.append("\n".join([f"  {purpose}", *(f"    [cyan]{escape(line)}[/]" for line in lines)]))
    parts.append(_section("Examples", "\n\n".join(shown)))
    parts.append(_section("Exit codes", _columns(EXIT_CODES)))
    if see:
        parts.append(_section("See also", f"  {see}"))
    parts.append(NOT_A_DEVICE)
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return {
        "cls": Group if group else Command,
        "help": "\n\n".join(paragraphs),
        "epilog": "\n\n".join(parts),
    }


def _section(title: str, text: str) -> str:
    return f"[bold]{title}[/]\n{text}"


def _columns(rows: Mapping[str, str]) -> str:
    width = max(map(len, rows))
    return "\n".join(f"  {name.ljust(width)}  {text}" for name, text in rows.items())
