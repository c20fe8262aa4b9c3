"""Numbers as they are written in tables → float64, by rules that don't guess.

A number has ASCII digits, one decimal point or comma and an exponent or none of these: ``13.4``, ``0,134``,
``−2``, ``1e-3``. Thousands separators are no part of it, so ``1,234`` alone in a column is refused, for it
may be 1.234 or 1234.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

__all__ = ["column_sign", "is_numeral", "number_of"]

NUMERAL = re.compile(r"[+\-−]?(?:[0-9]+(?:\.[0-9]*|,[0-9]+)?|[.,][0-9]+)(?:[eE][+\-−]?[0-9]+)?")
#: A numeral whose sign may as well part thousands.
DOUBTFUL = re.compile(r"[+\-−]?[1-9][0-9]{0,2}[.,][0-9]{3}")
#: Digits in groups: by spaces, apostrophes or underlines, or by more than one point or comma.
GROUPED = re.compile(
    r"[+\-−]?[0-9]+(?:(?:[\s'’‘`´_][0-9]+)+(?:[.,][0-9]*)?|[.,][0-9]{2,3}(?:[.,][0-9]*)+)(?:[eE][+\-−]?[0-9]+)?"
)
NAMES = {",": "comma", ".": "point"}


def is_numeral(text: str) -> bool:
    """Whether the text is a number by these rules, whatever its decimal sign."""
    return NUMERAL.fullmatch(text.strip()) is not None


def number_of(text: str, sign: str) -> float:
    """The number with this decimal sign. Raises ValueError with what was found and the cure."""
    bare = text.strip()
    if not NUMERAL.fullmatch(bare):
        raise ValueError(_wrong(bare))
    if ("." in bare and sign == ",") or ("," in bare and sign == "."):
        raise ValueError(
            f"found {bare!r} where the decimal sign is a {NAMES[sign]}; write the numbers of the column alike"
        )
    number = float(bare.replace("−", "-").replace(",", "."))
    if not math.isfinite(number):
        raise ValueError(f"found {bare!r}, beyond the largest number there is; mend it")
    return number


def column_sign(texts: Mapping[int, str], others: Iterable[str], separator: str | None) -> str:
    """The decimal sign of a column, "." where none is needed.

    `texts` are the cells by row, from 0; `others` the cells of the other columns, looked at only where this
    column is in doubt; `separator` what parts the columns, None where nothing does. Raises ValueError that
    begins with the row where signs are mixed or one may part thousands.
    """
    signs: dict[str, int] = {}
    sure = False
    for row, text in texts.items():
        sign = _sign(text)
        if not sign:
            continue
        if signs and sign not in signs:
            before, first = next(iter(signs.items()))
            raise ValueError(
                f"row {row + 1}: found {text.strip()!r}, while row {first + 1} has {texts[first].strip()!r} "
                f"with a decimal {NAMES[before]}; write the column alike, without thousands separators"
            )
        signs.setdefault(sign, row)
        sure = sure or not DOUBTFUL.fullmatch(text.strip())
    if not signs:
        return "."
    sign, row = next(iter(signs.items()))
    if sure:
        return sign
    shown = {_sign(text) for text in others if not DOUBTFUL.fullmatch(text.strip())}
    if shown & {",", "."} == {","} if sign == "," else separator != ";" and "," not in shown:
        return sign
    digits = texts[row].strip()
    raise ValueError(
        f"row {row + 1}: found {digits!r}, which may be {digits.replace(',', '.')} or "
        f"{re.sub('[.,]', '', digits)}, and no other cell of the column tells; give --decimal {sign!r} where "
        f"the {NAMES[sign]} is the decimal sign, else write the numbers without thousands separators"
    )


def _sign(text: str) -> str:
    """The decimal sign of a numeral, "" where it has none or is no numeral."""
    bare = text.strip()
    if not NUMERAL.fullmatch(bare):
        return ""
    return "," if "," in bare else "." if "." in bare else ""


def _wrong(text: str) -> str:
    if GROUPED.fullmatch(text):
        return f"found {text!r}, with thousands separators; write numbers without them"
    if text.endswith(("%", "‰")):
        return f"found {text!r}; write the number alone, without a sign for percent"
    if any(sign.isdigit() and not sign.isascii() for sign in text):
        return f"found {text!r}; write it with the digits 0 to 9"
    return f"found {text!r}; leave the patient out or take another column"
