"""The parts that cells of a notebook are made of.

Styles are inline, take colours and fonts from the page around them and have neither ids nor scripts, so any
number of them may stand on one page, a dark one too, and stay when a notebook is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from groundglass.html.markup import Content, Markup, el

LINE = "color-mix(in srgb, currentColor 18%, transparent)"
SOFT = "color-mix(in srgb, currentColor 7%, transparent)"
ACCENT = "var(--jp-brand-color1, var(--vscode-textLink-foreground, #1976d2))"
FONT = "font: 13px/1.45 var(--jp-ui-font-family, system-ui, sans-serif); font-variant-numeric: tabular-nums"
QUIET = "opacity: 0.7"


def table(
    head: Sequence[str], rows: Iterable[Sequence[Content]], *, title: str = "", texts: Sequence[int] = (0,)
) -> Markup:
    """A table with lines between rows; the columns `texts` stand left, the others, numbers, right."""

    def cell(tag: str, place: int, content: Content, extra: str) -> Markup:
        side = "left" if place in texts else "right"
        style = f"text-align: {side}; padding: 3px 14px 3px 0; background: none; {extra}"
        return el(tag, content, style=style)

    line = f"border: 0; border-top: 1px solid {LINE}; background: none"
    names = el("tr", [cell("th", i, text, f"font-weight: 400; {QUIET}") for i, text in enumerate(head)])
    body = [el("tr", [cell("td", i, text, "") for i, text in enumerate(row)], style=line) for row in rows]
    style = "border-collapse: collapse; border: 0; margin: 0; font-size: 12px; table-layout: auto"
    return Markup(
        (heading(title) if title else "") + el("table", el("thead", names), el("tbody", body), style=style)
    )


def pairs(facts: dict[str, str]) -> Markup | None:
    """Names and values below each other, None for no facts."""
    lines = [(el("span", name, style=QUIET), el("span", value)) for name, value in facts.items()]
    grid = "display: grid; grid-template-columns: auto auto; justify-content: start; gap: 0 14px"
    return el("div", lines, style=f"{grid}; font-size: 12px") if lines else None


def heading(text: str) -> Markup:
    """What stands above a table, a box or a list of facts."""
    return el("div", text, style="font-weight: 600; margin-bottom: 2px")


def row(*parts: Markup | None) -> Markup:
    """Parts side by side as far as there is room."""
    return el("div", *parts, style="display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: center")


def card(*parts: Content) -> str:
    """The whole of a cell: its parts below each other."""
    style = f"{FONT}; color: inherit; display: flex; flex-direction: column; gap: 12px; padding: 4px 0"
    return str(el("div", *(el("div", part) for part in parts if part), style=style))
