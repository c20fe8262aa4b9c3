"""From a value to what a notebook cell shows of it.

What draws values knows them all, so it stands above their rooms; the face of the package names it here, and
it is imported when a cell first shows something: most programs have no notebook.
"""

from __future__ import annotations

import importlib

_module = ""


def drawn_by(module: str) -> None:
    """Names the module whose ``drawn`` turns values into HTML."""
    global _module
    _module = module


def shown(value: object) -> str:
    """What a cell shows of a result, a table, a stage or a volume, as HTML."""
    return str(importlib.import_module(_module).drawn(value))
