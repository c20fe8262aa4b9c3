"""JSON of files that may be anybody's: what the standard says and no more, of bounded size and depth."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, NoReturn

from groundglass.errors import FormatError

__all__ = ["loads", "read"]

MOST_BYTES = 64 << 20
#: Objects and lists within each other; what groundglass writes has less than ten.
MOST_LEVELS = 64
#: Digits of a whole number; those of 2⁶⁴ and a sign.
MOST_DIGITS = 20


def read(path: Path) -> Any:
    """The content of a JSON file. Raises :class:`FormatError`, without the path, as :func:`loads` does, and
    :class:`OSError` where the file can't be read."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    return loads(data)


def loads(data: bytes) -> Any:
    """The value in UTF-8 text, with or without the mark of UTF-8.

    Raises :class:`FormatError` for what is no JSON, NaN and infinities, numbers beyond a double or of more
    than 20 digits, a key given twice, half of a surrogate pair, more than 64 levels and more than 64 MiB.
    """
    if len(data) > MOST_BYTES:
        raise FormatError(f"no JSON of groundglass: more than {MOST_BYTES >> 20} MiB")
    try:
        content = json.loads(
            data.decode("utf-8-sig"),
            parse_constant=_no_number,
            parse_int=_whole,
            parse_float=_finite,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        raise FormatError(f"no JSON in UTF-8: byte {error.start} can't be read; save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise FormatError(f"no JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise FormatError(f"no JSON of groundglass: more than {MOST_LEVELS} levels") from error
    _check(content)
    return content


def _check(content: Any) -> None:
    """Depth and texts, level by level."""
    level, depth = [content], 0
    while level:
        depth += 1
        if depth > MOST_LEVELS:
            raise FormatError(f"no JSON of groundglass: more than {MOST_LEVELS} levels")
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += (*value, *value.values())
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str) and re.search("[\ud800-\udfff]", value):
                raise FormatError("no JSON of groundglass: a text holds half of a surrogate pair")
        level = below


def _no_number(name: str) -> NoReturn:
    raise FormatError(f"no JSON: {name} is no number of JSON")


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise FormatError(f"no JSON of groundglass: a whole number of {len(digits)} digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise FormatError(f"no JSON of groundglass: the number {digits[:20]} is beyond a double's range")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        seen: set[str] = set()
        double = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise FormatError(f"no JSON of groundglass: the key {double[:40]!r} is given twice in one object")
    return content
