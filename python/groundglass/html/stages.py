"""Stages and pipelines as boxes for a cell of a notebook."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import PurePath

from groundglass.html.cells import LINE, SOFT, card, heading, pairs
from groundglass.html.markup import Markup, el


def stage(value: object) -> str:
    """One stage with its options."""
    return card(_box(value))


def pipeline(stages: Iterable[object]) -> str:
    """The stages as boxes from left to right."""
    flow = "display: flex; gap: 8px; align-items: stretch"
    arrow = el("div", "→", style="align-self: center; font-size: 18px; opacity: 0.6")
    # an arrow goes to the next line with the stage that it points to
    parts = [el("div", arrow if place else None, _box(one), style=flow) for place, one in enumerate(stages)]
    return card(el("div", parts, style=f"{flow}; flex-wrap: wrap"))


def _box(value: object) -> Markup:
    """A stage's name and options, taken from its repr, which is the call that makes it."""
    name, options = getattr(value, "__name__", type(value).__name__), {}
    try:
        call = ast.parse(repr(value), mode="eval").body
    except SyntaxError:
        call = None
    if isinstance(call, ast.Call) and not call.args:
        options = {str(word.arg).replace("_", " "): _option(word.value) for word in call.keywords}
    frame = f"width: fit-content; border: 1px solid {LINE}; border-radius: 6px; background: {SOFT}"
    return el("div", heading(name), pairs(options), style=f"{frame}; padding: 8px 12px")


def _option(value: ast.expr) -> str:
    """An option as text; of model files only their names."""
    if isinstance(value, ast.List):
        return ", ".join(_option(item) for item in value.elts) or "none"
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return PurePath(value.value).stem if value.value.endswith((".pt", ".pt2")) else value.value
    return ast.unparse(value)
