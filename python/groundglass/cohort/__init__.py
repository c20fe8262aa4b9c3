"""Tables of patients: made of results, read and written, and measurements and classes from their columns.

A table that was a text stays text: :func:`read_table` gives the cells as they are written, and
:func:`number_column` and :func:`class_column` say what they are.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass._optional import needing
from groundglass.cohort import delimited, numerals
from groundglass.errors import FormatError
from groundglass.read import strict_json
from groundglass.statistics.cases import is_missing
from groundglass.tables import to_csv

if TYPE_CHECKING:
    import pandas

__all__ = [
    "Table",
    "TableWarning",
    "class_column",
    "class_name",
    "collect",
    "holds_numbers",
    "number_column",
    "read_table",
    "write_table",
]

#: Columns by name: a DataFrame, or a mapping of lists or arrays.
Table = Mapping[str, Any]

#: What :func:`write_table` writes, by the end of the file's name; :func:`read_table` also reads ``.txt``.
SUFFIXES = (".csv", ".tsv", ".parquet", ".pq")
PARQUET = (".parquet", ".pq")

#: A table as text is not larger than this, and one in Parquet has no more cells.
MOST_BYTES = 128 << 20
MOST_CELLS = 50_000_000

#: A whole number as a column of floats is written.
_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))[.,]0+")
#: Where a frame keeps how it was read, for :func:`number_column`.
_READ_AS = "groundglass"


class TableWarning(UserWarning):
    """How a table was read, where that is not what its name promises and was not said by an option."""


def read_table(
    path: str | os.PathLike[str],
    *,
    sep: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> pandas.DataFrame:
    """A table with a header and one row a patient: text (CSV, TSV, TXT) or Parquet, by the end of its name.

    Of a text all columns are text, the cells as they are written, an empty one as ""; those of Parquet have
    its types. `sep` is what parts the columns (one sign, or "tab"), by default what the header shows: commas,
    semicolons or tabs, and where it shows several the one that fits all rows. `decimal` is the decimal sign
    that :func:`number_column` shall go by, by default the column's own. `encoding` is that of the text, by
    default UTF-8, or UTF-16 or 32 with their mark. Empty rows at the end are left out, and columns without
    name.

    Raises :class:`FileNotFoundError` where there is none, :class:`groundglass.FormatError` for another kind
    of file, for one that can't be read as what its name says, for a row with more or fewer fields than the
    header, two columns of one name and a table without a row; :class:`ValueError` for wrong options;
    :class:`ImportError` where pandas (for Parquet also pyarrow) is not installed. Warns with
    :class:`TableWarning` of a separator that its name does not promise, an encoding other than UTF-8 and a
    column that is left out. What it says names `sep`, `decimal` and `encoding` as the command line does,
    ``--sep``.
    """
    file = Path(path)
    if decimal not in (None, ",", "."):
        raise ValueError(f"--decimal must be ',' or '.', found {decimal!r}")
    if not file.exists():
        raise FileNotFoundError(f"{path} does not exist")
    if not file.is_file():
        raise FormatError(f"{path} is no file; a table in CSV or Parquet is needed")
    suffix = file.suffix.lower()
    known = (*SUFFIXES, ".txt")
    if suffix in (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"):
        raise FormatError(
            f"{path} is a workbook; save its sheet as CSV UTF-8 and give that: a table must end in "
            f"{', '.join(known)}"
        )
    if suffix not in known:
        raise FormatError(f"{path}: a table must end in {', '.join(known)}, found {suffix or 'no ending'}")
    with needing("a table", "pandas", "pyarrow"):
        import pandas

        if suffix in PARQUET:
            import pyarrow  # noqa: F401  # pandas would name two libraries of which either would do
    try:
        if suffix in PARQUET:
            if sep is not None or encoding is not None:
                raise FormatError("--sep and --encoding are for text, and Parquet is none; leave them out")
            table, separator = _parquet(file), None
        else:
            found = delimited.parse(
                _text_bytes(file), usual="," if suffix == ".csv" else "\t", sep=sep, encoding=encoding
            )
            table, separator = pandas.DataFrame(found.columns, dtype=object), found.separator
            for note in found.notes:
                warnings.warn(note, TableWarning, stacklevel=2)
    except FormatError as error:
        raise FormatError(f"{path} can't be read as {suffix[1:].upper()}: {error}") from error
    if not len(table):
        raise FormatError(f"{path} holds no row; one row a patient is needed")
    table.attrs[_READ_AS] = {"separator": separator, "decimal": decimal}
    return table


def _text_bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise FormatError(
            f"it has more than {MOST_BYTES >> 20} MiB; keep the columns that are needed, or save as Parquet"
        )
    if not data:
        raise FormatError("it is empty")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FormatError(
            "it is a workbook or an archive, not text; save its sheet as CSV UTF-8 and give that"
        )
    if data.startswith(b"\x1f\x8b"):
        raise FormatError("it is compressed; unpack it and give what is inside")
    if data.startswith(b"PAR1") and data.endswith(b"PAR1"):
        raise FormatError("it is a Parquet file; let its name end in .parquet")
    return data


def _parquet(file: Path) -> pandas.DataFrame:
    """All columns of a Parquet file that have a name, an index of pandas as a column too."""
    import pyarrow.parquet

    with file.open("rb") as stream:
        try:
            source = pyarrow.parquet.ParquetFile(stream)
            names = delimited.column_names(source.schema_arrow.names)
            if source.metadata.num_rows * len(names) > MOST_CELLS:
                raise FormatError(f"it has more than {MOST_CELLS} cells; keep the columns that are needed")
            table = source.read().to_pandas(ignore_metadata=True)
        except FormatError:
            raise
        except Exception as error:  # pyarrow raises many types of its own
            cause = str(error).strip().split("\n", 1)[0] or type(error).__name__
            raise FormatError(f"it is damaged or another kind of file: {cause}") from error
    table.columns = names
    index = re.compile(r"__index_level_[0-9]+__")
    return table[[name for name in names if name and not index.fullmatch(name)]]


def collect(results: Iterable[str | os.PathLike[str]]) -> list[dict[str, Any]]:
    """One row a result: what both lungs hold, the grades, and what the numbers were made with.

    `results` are folders that :func:`groundglass.analyze` wrote, or their ``result.json``. ``study`` is the
    folder's name, the one word about whose it is. Volumes are in ml; ``opacity_fraction`` goes from 0 to 1,
    as the cohort's commands take it. Bounds are None where the models were not calibrated.

    Raises :class:`FileNotFoundError` for a folder without ``result.json``,
    :class:`groundglass.FormatError` for a file that is none, :class:`ValueError` for two folders of a name.
    """
    rows: list[dict[str, Any]] = []
    for given in results:
        path = Path(given)
        file = path / "result.json" if path.is_dir() else path
        if not file.is_file():
            raise FileNotFoundError(f"{given} holds no result.json; give the folder that analyze wrote")
        try:
            rows.append({"study": _folder_name(file)} | _row(strict_json.read(file)))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            cause = f" ({error})" if isinstance(error, FormatError) else ""
            raise FormatError(
                f"{given}: no result of groundglass, or one of another version{cause}; analyze it again"
            ) from error
    names = [row["study"] for row in rows]
    if double := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two results lie in folders of the name {double!r}; rename one")
    return rows


def _folder_name(file: Path) -> str:
    """The name of a file's folder; bytes of it that are no UTF-8 as ``\\xe9``."""
    return os.fsencode(file.resolve().parent.name).decode("utf-8", "backslashreplace")


def _row(content: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a result. Raises one of many errors where it is none."""
    if content["schema"] != "groundglass.result" or content["schema_version"].partition(".")[0] != "1":
        raise FormatError("its schema is not that of groundglass.result 1.x")
    both, severity, doubt = content["regions"][0], content["severity"], content.get("uncertainty", {})
    if both["region"] != "both lungs":
        raise FormatError("its first region is not both lungs")
    volumes = ("lung_ml", "ground_glass_ml", "consolidation_ml", "opacity_ml")
    percent = _number(both, "opacity_percent")
    return {
        **{name: _number(both, name) for name in volumes},
        "opacity_fraction": None if percent is None else percent / 100,
        "opacity_percent": percent,
        "opacity_percent_lower": _number(doubt, "opacity_percent_lower", needed=False),
        "opacity_percent_upper": _number(doubt, "opacity_percent_upper", needed=False),
        "high_opacity_percent": _number(both, "high_opacity_percent"),
        "ct_grade_extent": _text(severity, "ct_grade_extent"),
        "ct_grade_rule": _text(severity, "ct_grade_rule"),
        "class": _text(severity, "class"),
        "warnings": sum(note["level"] == "warning" for note in content["notes"]),
        "models": " ".join(_text(model, "name") or "" for model in content["models"]) or "lesions as given",
        "groundglass_version": _text(content, "groundglass_version"),
    }


def _number(part: Mapping[str, Any], name: str, *, needed: bool = True) -> float | None:
    """A number of a result, None for "no answer"."""
    value = part[name] if needed else part.get(name)
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    raise FormatError(f"{name} is no number")


def _text(part: Mapping[str, Any], name: str) -> str | None:
    """A text of a result, None for "no answer"."""
    value = part[name]
    if value is None or isinstance(value, str):
        return value
    raise FormatError(f"{name} is no text")


def write_table(
    rows: Sequence[Mapping[str, Any]], path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Writes rows that share their keys as CSV, TSV or Parquet, by the end of the file's name, whole or not
    at all; NaN and None, which mean "no answer", as empty cells or null.

    Raises :class:`groundglass.FormatError` for another ending, :class:`ValueError` without a row,
    :class:`OSError` for a file that exists, unless `overwrite` allows to replace it, :class:`ImportError` for
    Parquet where pyarrow is not installed.
    """
    from groundglass.write import atomic_file, write_parquet

    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise FormatError(f"{path}: a table must end in {', '.join(SUFFIXES)}, found {suffix or 'no ending'}")
    if not rows:
        raise ValueError(f"{path}: there is no row to write")
    if suffix in (".parquet", ".pq"):
        write_parquet(file, rows, overwrite=overwrite)
        return
    text = to_csv(rows, delimiter="\t" if suffix == ".tsv" else ",")
    with atomic_file(file, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")


def number_column(table: Table, name: str) -> npt.NDArray[np.float64]:
    """The numbers of a column, ``(patients,)``.

    Text is read with the decimal sign that :func:`read_table` was given, else with the column's own: a point,
    or a comma, which a :class:`TableWarning` tells. ``1,234`` may be one or a thousand: it is taken for 1.234
    where another cell of the column has a decimal comma beyond doubt, or other columns have some and no
    decimal point. Likewise ``1.234`` is in doubt where semicolons part the columns and beside decimal commas.

    Raises :class:`ValueError` for a column that is missing, naming those there are, and naming the first row
    of it (the first patient is row 1) for an empty cell, NaN or an infinity, text that is no number,
    thousands separators, decimal signs that are mixed or in doubt.
    """
    values = _column(table, name)
    texts = {place: value for place, value in enumerate(values) if isinstance(value, str)}
    sign = _decimal_sign(table, name, texts)
    numbers = np.empty(len(values))
    for place, value in enumerate(values):
        try:
            numbers[place] = _number_in(value, sign)
        except ValueError as error:
            raise ValueError(f"column {name}, row {place + 1}: a number is needed, {error}") from None
    return numbers


def _number_in(cell: object, sign: str) -> float:
    if is_missing(cell):
        raise ValueError("found an empty cell; leave the patient out or take another column")
    if isinstance(cell, str):
        return numerals.number_of(cell, sign)
    try:
        number = math.nan if isinstance(cell, (bool, np.bool_)) else float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        shown = (
            repr(cell)
            if isinstance(cell, (bool, np.bool_, float, np.floating, Decimal))
            else f"a {type(cell).__name__}"
        )
        raise ValueError(f"found {shown}; leave the patient out or take another column")
    return number


def _decimal_sign(table: Table, name: str, texts: Mapping[int, str]) -> str:
    read_as = getattr(table, "attrs", {}).get(_READ_AS, {})
    if said := read_as.get("decimal"):
        return str(said)
    try:
        sign = numerals.column_sign(texts, _other_texts(table, name), read_as.get("separator"))
    except ValueError as error:
        raise ValueError(f"column {name}, {error}") from None
    if sign == ",":
        warnings.warn(
            "Commas are taken for decimal signs; --decimal ',' says so.", TableWarning, stacklevel=3
        )
    return sign


def _other_texts(table: Table, name: str) -> Iterator[str]:
    for column in table:
        if str(column) != name:
            yield from (value for value in _column(table, str(column)) if isinstance(value, str))


def holds_numbers(table: Table, name: str) -> bool:
    """Whether all cells of a column that are not empty look like numbers, and there is one."""
    cells = [value for value in _column(table, name) if not is_missing(value)]
    return bool(cells) and all(
        numerals.is_numeral(cell)
        if isinstance(cell, str)
        else isinstance(cell, (int, float, np.number, Decimal)) and not isinstance(cell, bool)
        for cell in cells
    )


def class_column(table: Table, name: str) -> list[str]:
    """The classes of a column as text, as :func:`class_name` has them; ``None``, ``NA`` and ``nan`` in a text
    are classes.

    Raises :class:`ValueError` for a column that is missing, naming those there are, and for an empty cell.
    """
    names = []
    for place, value in enumerate(_column(table, name)):
        if is_missing(value):
            raise ValueError(
                f"column {name}, row {place + 1}: a class is needed, found an empty cell; leave it out"
            )
        if not isinstance(value, Hashable):
            raise ValueError(
                f"column {name}, row {place + 1}: a class is needed, found a {type(value).__name__}; "
                "take another column"
            )
        names.append(class_name(value))
    return names


def class_name(value: object) -> str:
    """The name of a class: the text less the spaces around it; a whole number without decimals, 1.0 as ``1``,
    for a column of floats is written so. ``01`` stays."""
    if isinstance(value, (float, np.floating, Decimal)):
        return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
    text = str(value).strip()
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _column(table: Table, name: str) -> list[Any]:
    known = {str(column): column for column in table}
    if name not in known:
        hint = "; where a sign parts columns in it, say which with --sep" if len(known) == 1 else ""
        raise ValueError(f"the table has no column {name!r}; it has {', '.join(known) or 'none'}{hint}")
    column = table[known[name]]
    if getattr(column, "ndim", 1) != 1:
        raise ValueError(f"the table has several columns {name!r}; rename all but one")
    if isinstance(column, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(column)
        return [None if gone else value for value, gone in zip(column.data.tolist(), hidden, strict=True)]
    if getattr(getattr(column, "dtype", None), "kind", None) in ("m", "M"):  # dates are no numbers
        return [str(value) if value == value else None for value in column]
    values: list[Any] = np.asarray(column, dtype=object).tolist()
    return [_decoded(value) if isinstance(value, bytes) else value for value in values]


def _decoded(value: bytes) -> str | bytes:
    """Text that Parquet files of old programs hold as bytes."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
