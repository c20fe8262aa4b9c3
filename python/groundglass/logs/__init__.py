"""Log lines of the library's work, for people and for services.

The library logs to the standard logger ``groundglass`` and those below it, and is silent until a program sets
a handler up; :func:`setup` does so for programs that have no logging of their own. What varies from line to
line is in the record's fields (``extra=``) and not in its message, so that a service can count and filter.
No line holds a name, an identifier, a file path or a text that could: of an exception the type and the places
in the program are logged, and not what it says; every sentence passes through :func:`without_identifiers`,
and every other text loses its UIDs and long numbers.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from groundglass.logs.identifiers import IDENTIFIER, without_identifiers
from groundglass.tables import without_nan

__all__ = [
    "FORMATS",
    "LEVELS",
    "JsonFormatter",
    "TextFormatter",
    "in_use",
    "is_set_up",
    "setup",
    "without_identifiers",
]

FORMATS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")

#: What every record has; all else of a record was given as ``extra=``.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class TextFormatter(logging.Formatter):
    """``2026-01-31T12:00:00.000Z info groundglass.analyze: stage done stage=lungs seconds=1.2``"""

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line."""
        words = [
            f"{_time(record)} {record.levelname.lower()} {record.name}: {_line(_plain(record.getMessage()))}"
        ]
        words += [f"{name}={_word(value)}" for name, value in (_fields(record) | _exception(record)).items()]
        return " ".join(words)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time``, ``level``, ``logger``, ``message`` and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line; a field that is no plain value becomes its text."""
        content = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _plain(record.getMessage()),
        }
        fields = {f"{name}_" if name in content else name: value for name, value in _fields(record).items()}
        return json.dumps(without_nan(content | fields | _exception(record)), ensure_ascii=False, default=str)


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what the standard error is at the time of each line."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def setup(level: str = "info", format: str = "text") -> None:
    """Sends what ``groundglass`` logs from `level` on to the standard error, one line a record.

    `level` is one of :data:`LEVELS`, `format` one of :data:`FORMATS`. A second call replaces the first.
    Handlers of the program's own are left alone, and with this one set up nothing goes to the root logger.
    Raises :class:`ValueError` for another level or format.
    """
    for name, value, known in (("level", level, LEVELS), ("format", format, FORMATS)):
        if value not in known:
            raise ValueError(f"the log {name} must be one of {', '.join(known)}, not {value!r}")
    logger = logging.getLogger("groundglass")
    for handler in [handler for handler in logger.handlers if isinstance(handler, _Stderr)]:
        logger.removeHandler(handler)
    handler = _Stderr()
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    logger.propagate = False


def in_use() -> tuple[str, str] | None:
    """The level and format that :func:`setup` was called with last, None before it."""
    for handler in logging.getLogger("groundglass").handlers:
        if isinstance(handler, _Stderr):
            format = "json" if isinstance(handler.formatter, JsonFormatter) else "text"
            return logging.getLevelName(logging.getLogger("groundglass").level).lower(), format
    return None


def is_set_up() -> bool:
    """Whether log lines go to the standard error, which progress bars then leave alone."""
    return in_use() is not None


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: _plain(value) for name, value in vars(record).items() if name not in _STANDARD}


def _plain(value: Any) -> Any:
    """A field's value without identifiers in its texts; what is no plain value becomes its text."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {_plain(str(name)): _plain(entry) for name, entry in value.items()}
    return IDENTIFIER.sub("…", str(value))


def _exception(record: logging.LogRecord) -> dict[str, Any]:
    """Type and places of the record's exception, innermost last; its text may name files."""
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    places, trace = [], record.exc_info[2]
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return {"exception": record.exc_info[0].__name__, "places": places}


def _word(value: object) -> str:
    """A field's value, quoted where it is more than one word."""
    text = str(value)
    plain = bool(text) and text.isprintable() and not any(sign in text for sign in ' "=')
    return text if plain else json.dumps(text, ensure_ascii=False)


def _line(text: str) -> str:
    return " ".join(text.splitlines())
