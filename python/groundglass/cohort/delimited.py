"""Bytes of a table as text (CSV and its kin) → columns of cells as they are written.

No cell is guessed to be a number, a date or missing. What can't be read one way is a :class:`FormatError`
that names the option which settles it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from groundglass.errors import FormatError

__all__ = ["SEPARATORS", "Delimited", "column_names", "parse", "separator_named"]

#: What may part columns without being named, in the words of a sentence.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
#: As they are typed.
SHOWN = {",": "','", ";": "';'", "\t": "tab"}

#: A line of a table has fewer signs than this; more is another kind of file.
MOST_SIGNS = 1 << 22

#: The mark at the start of a text, and the encodings that it may belong to; the longer marks first.
MARKS = (
    (codecs.BOM_UTF32_LE, ("utf-32-le", "utf-32")),
    (codecs.BOM_UTF32_BE, ("utf-32-be", "utf-32")),
    (codecs.BOM_UTF8, ("utf-8", "utf-8-sig")),
    (codecs.BOM_UTF16_LE, ("utf-16-le", "utf-16")),
    (codecs.BOM_UTF16_BE, ("utf-16-be", "utf-16")),
)
#: The line by which a file tells Excel its separator.
EXCEL_LINE = re.compile(r'(?:"sep=(.)"|sep=(.))[ \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)


@dataclass(frozen=True)
class Delimited:
    """Columns of text by name, all of one length, what parts them, and what had to be assumed."""

    columns: dict[str, list[str]]
    separator: str
    notes: tuple[str, ...]


def separator_named(sep: str) -> str:
    """The sign that ``--sep`` names: itself, or ``tab`` or ``\\t`` for the tab. Raises ValueError."""
    sign = "\t" if sep.lower() in ("tab", "\\t") else sep
    if len(sign) != 1 or sign.isalnum() or sign in '"\r\n\0.+-\ufeff':
        raise ValueError(f"--sep must be one sign such as ',' ';' '|' or tab, found {sep!r}")
    return sign


def parse(data: bytes, *, usual: str = ",", sep: str | None = None, encoding: str | None = None) -> Delimited:
    """The table in `data`. `usual` is the separator that the file's name promises, `sep` the one to use
    whatever the header says, `encoding` that of the text.

    Raises :class:`FormatError` where the text has no header or is not one table, ValueError for a wrong
    option. Time and memory grow with the file; a line has at most 4 million signs, a cell 131 072.
    """
    notes: list[str] = []
    text, found = _decoded(data, encoding)
    if encoding is None and found != "utf-8":
        notes.append(f"The table is taken for {found.upper()}; --encoding {found} says so.")
    said = EXCEL_LINE.match(text)
    start = 1 if said else 0
    if said:
        text = text[said.end() :]
    if sep is not None:
        separator = separator_named(sep)
    elif said:
        separator = separator_named(said[1] or said[2])
    else:
        separator = _separator_of(text, usual)
        if separator != usual and separator in text:
            notes.append(
                f"{SEPARATORS[separator].capitalize()} are taken for what parts the columns; "
                f"--sep {SHOWN[separator]} says so."
            )
    columns, unnamed = _columns(text, separator, start)
    if unnamed:
        notes.append(f"Column {unnamed} has no name in the header and is left out.")
    return Delimited(columns, separator, tuple(notes))


def column_names(names: Sequence[str]) -> list[str]:
    """The names less the spaces around them, a name given twice being a :class:`FormatError`."""
    found: dict[str, int] = {}
    for place, given in enumerate(names, 1):
        name = given.strip().strip("\ufeff").strip()
        if name in found and name:
            raise FormatError(f"columns {found[name]} and {place} are both named {name!r}; rename one")
        found[name or " " * place] = place
    return [name.strip() for name in found]


def _decoded(data: bytes, encoding: str | None) -> tuple[str, str]:
    """The text without its mark, and the name of its encoding."""
    mark, marked = next(((m, names) for m, names in MARKS if data.startswith(m)), (b"", ()))
    if encoding is None:
        name = marked[0] if marked else _unmarked(data)
    else:
        try:
            name = codecs.lookup(encoding).name
            b"....".decode(name)  # a codec of another kind, such as base64, is refused here
        except UnicodeError:
            pass
        except (LookupError, ValueError) as error:
            raise ValueError(
                f"--encoding: {encoding!r} is no encoding of text; utf-8, utf-16, cp1252 and cp1251 are"
            ) from error
        if marked and name not in marked:
            raise FormatError(f"it begins as {marked[0]} does and so is not {name}; leave --encoding out")
        name = marked[0] if marked else name
    try:
        text = data[len(mark) :].decode(name)
    except UnicodeError as error:
        raise FormatError(_undecodable(data, name, error)) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise FormatError(
            f"line {line} holds a zero byte, which no text does; save it as CSV UTF-8, "
            "or name what it is with --encoding"
        )
    return text, name


def _unmarked(data: bytes) -> str:
    """UTF-8, unless zero bytes tell of another encoding, which then has to be named."""
    sample = data[:4096]
    if 0 not in sample:
        return "utf-8"
    zeros = [any(byte == 0 for byte in sample[place::4]) for place in range(4)]
    whole = [all(byte == 0 for byte in sample[place::4]) for place in range(4)]
    if len(sample) % 4 == 0 and ((whole[2] and whole[3]) or (whole[0] and whole[1])):
        name = "utf-32-le" if whole[3] else "utf-32-be"
    elif not (zeros[0] or zeros[2]) and 2 * sample.count(b"\n\0") > sample.count(b"\n"):
        name = "utf-16-le"
    elif not (zeros[1] or zeros[3]) and 2 * sample.count(b"\0\n") > sample.count(b"\n"):
        name = "utf-16-be"
    else:
        return "utf-8"  # the zero bytes are named there
    raise FormatError(
        f"its bytes are those of {name} without the mark that says so; give --encoding {name}, "
        "or save it as CSV UTF-8"
    )


def _undecodable(data: bytes, name: str, error: UnicodeError) -> str:
    cure = (
        "name its encoding, such as --encoding cp1252 (Western Europe) or cp1251 (Cyrillic), "
        "or save it as CSV UTF-8"
    )
    if not isinstance(error, UnicodeDecodeError):
        return f"it is no text in {name}; {cure}"
    if name.startswith(("utf-16", "utf-32")):
        return f"it is no text in {name}, or is cut off; save it again as CSV UTF-8"
    line = data.count(b"\n", 0, error.start) + 1
    return f"line {line} holds the byte 0x{data[error.start]:02x}, which is no {name} there; {cure}"


def _lines(text: str, start: int) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text, newline=""), start + 1):
        if len(line) > MOST_SIGNS:
            raise FormatError(f"line {number} has {len(line)} signs, more than a row of a table")
        yield line


def _records(text: str, separator: str, start: int = 0) -> Iterator[tuple[int, list[str]]]:
    """The cells of each record, with the number of the line that it begins in."""
    reader = csv.reader(_lines(text, start), delimiter=separator, strict=True)
    while True:
        line = start + reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FormatError(f"the row from line {line} on {_misquoted(str(error))}") from error
        yield line, record


def _misquoted(error: str) -> str:
    """What the csv module's error means for a row."""
    if "limit" in error:
        return (
            f"has a cell of more than {csv.field_size_limit()} signs; is a quote open, or is this no table?"
        )
    if "unexpected end" in error:
        return "opens a quote that is never closed; close it"
    return "has text right after a closing quote; put the whole cell in quotes, and double those inside"


def _separator_of(text: str, usual: str) -> str:
    """The separator by the header's signs outside of quotes; where it has several, the one that fits all
    rows."""
    widths = {}
    for sign in SEPARATORS:
        try:
            widths[sign] = next((len(cells) for _, cells in _records(text, sign) if cells), 0)
        except FormatError:  # its quotes are those of another separator
            continue
    several = [sign for sign, width in widths.items() if width > 1]
    if len(several) < 2:
        return several[0] if several else usual
    fitting = [sign for sign in several if _fits(text, sign)]
    if len(fitting) == 1:
        return fitting[0]
    if usual == "\t" in fitting:
        return usual
    kinds = " or ".join(f"{SEPARATORS[sign]} ({widths[sign]} columns)" for sign in several)
    fit = "all fit" if fitting else "none fits"
    raise FormatError(
        f"the header may be parted by {kinds}, and {fit} every row; say which with --sep, "
        f"such as --sep {SHOWN[(fitting or several)[-1]]}"
    )


def _fits(text: str, separator: str) -> bool:
    try:
        return len({len(cells) for _, cells in _records(text, separator) if cells}) == 1
    except FormatError:
        return False


def _columns(text: str, separator: str, start: int) -> tuple[dict[str, list[str]], int]:
    """The columns that have a name, and the number of the first that has cells and none, or 0."""
    records = _records(text, separator, start)
    _, header = next(((line, cells) for line, cells in records if cells), (0, []))
    names = column_names(header)
    if not any(names):
        raise FormatError("it has no header; the first line must name the columns")
    rows: list[list[str]] = []
    kept = 0  # rows up to the last that is not empty: spreadsheets leave empty ones below the table
    for line, cells in records:
        if not cells:  # an empty line; with one column it is an empty cell, unless only such lines follow
            if len(names) == 1:
                rows.append([""])
            continue
        if len(cells) == 1 < len(names) and not cells[0].strip():
            continue
        if len(cells) != len(names):
            raise FormatError(_ragged(len(rows) + 1, line, cells, len(names), separator))
        rows.append(cells)
        if any(cell.strip() for cell in cells) or len(names) == 1:
            kept = len(rows)
    columns = dict(enumerate(map(list, zip(*rows[:kept], strict=True)))) or {i: [] for i in range(len(names))}
    nameless = [place for place, name in enumerate(names) if not name and any(columns[place])]
    found = {name: columns[place] for place, name in enumerate(names) if name}
    return found, nameless[0] + 1 if nameless else 0


def _ragged(row: int, line: int, cells: Sequence[str], width: int, separator: str) -> str:
    found = (
        f"row {row} (line {line}) has {len(cells)} field{'s' if len(cells) > 1 else ''}, the header {width}"
    )
    if len(cells) == width + 1 and not cells[-1].strip():
        return f"{found}: remove the separator at its end, or put one at the end of the header too"
    if len(cells) > width and separator == ",":
        return (
            f"{found}: a cell with a comma, such as 3,5, must stand in quotes; where no commas part columns, "
            "say what does with --sep, such as --sep ';'"
        )
    return f"{found}: mend the row; a cell that holds the separator must stand in quotes"
