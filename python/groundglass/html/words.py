"""Numbers and short texts as a reader expects them."""

from __future__ import annotations

import math

#: What stands for "no answer".
NOTHING = "–"
#: A space that no line breaks at, between a number and its unit.
SPACE = "\N{NO-BREAK SPACE}"


def number(value: float | None, digits: int = 1) -> str:
    """To `digits` decimals, with a real minus sign; "–" for None and NaN, which are "no answer"."""
    if value is None or math.isnan(value):
        return NOTHING
    return f"{value:z.{digits}f}".replace("-", "−")


def percent(value: float | None, digits: int = 2) -> str:
    """``1.95 %``; the number and its unit stay on one line."""
    return _with_unit(number(value, digits), "%")


def between(lower: float | None, upper: float | None, digits: int = 2) -> str:
    """``1.28–3.34``."""
    if lower is None or upper is None:
        return NOTHING
    return f"{number(lower, digits)}–{number(upper, digits)}"


def cut(fraction: float) -> str:
    """The percentage of a fraction to three digits at most: ``1.8 %``."""
    return f"{100 * fraction:.3g}{SPACE}%"


def volume(value: float | None, digits: int = 1) -> str:
    """``64.6 ml``."""
    return _with_unit(number(value, digits), "ml")


def probability(share: float) -> str:
    """In whole percents; never 0 or 100 for what is only near them."""
    if 0 < share < 0.01:
        return f"<1{SPACE}%"
    if 0.99 < share < 1:
        return f">99{SPACE}%"
    return f"{100 * share:.0f}{SPACE}%"


def counted(count: int, noun: str) -> str:
    """``1 warning``, ``2 warnings``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def clipped(value: str, longest: int) -> str:
    """`value`, cut with an ellipsis where it is longer than that."""
    return value if len(value) <= longest else value[: longest - 1].rstrip() + "…"


def _with_unit(value: str, unit: str) -> str:
    return value if value == NOTHING else f"{value}{SPACE}{unit}"
