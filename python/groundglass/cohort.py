"""Tables of patients: reading them, and taking measurements and classes from their columns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass.errors import FormatError

if TYPE_CHECKING:
    import pandas

__all__ = ["Table", "class_column", "number_column", "read_table"]

#: Columns by name: a DataFrame, or a mapping of lists or arrays.
Table = Mapping[str, Any]

#: What :func:`read_table` reads, by the end of the file's name.
SUFFIXES = (".csv", ".tsv", ".parquet", ".pq")


def read_table(path: str | os.PathLike[str]) -> pandas.DataFrame:
    """A CSV (comma), TSV (tab) or Parquet file with one row a patient.

    Raises :class:`FileNotFoundError` where there is none, :class:`groundglass.FormatError` for another kind
    of file, for one that can't be read as what its name says and for one without a row; :class:`ImportError`
    where pandas (for Parquet also pyarrow) is not installed.
    """
    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(f"{path} does not exist")
    if not file.is_file():
        raise FormatError(f"{path} is no file; a table in CSV or Parquet is needed")
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise FormatError(f"{path}: a table must end in {', '.join(SUFFIXES)}, found {suffix or 'no ending'}")
    try:
        import pandas

        if suffix in (".parquet", ".pq"):
            import pyarrow  # noqa: F401  # pandas would name two libraries of which either would do
    except ImportError as error:
        raise ImportError("tables need pandas and pyarrow: pip install 'groundglass[cohort]'") from error
    try:
        if suffix in (".parquet", ".pq"):
            table = pandas.read_parquet(file)
        else:
            table = pandas.read_csv(file, sep="\t" if suffix == ".tsv" else ",")
    except PermissionError:
        raise
    except Exception as error:  # both readers raise many types of their own
        cause = str(error).strip().split("\n", 1)[0] or type(error).__name__
        raise FormatError(f"{path} can't be read as {suffix[1:].upper()}: {cause}") from error
    if not len(table):
        raise FormatError(f"{path} holds no row; one row a patient is needed")
    return table


def number_column(table: Table, name: str) -> npt.NDArray[np.float64]:
    """The numbers of a column, ``(patients,)``.

    Raises :class:`ValueError` for a column that is missing, naming those there are, and for one that holds
    text, an empty cell, NaN or an infinity, naming the first row of it (the first patient is row 1).
    """
    values = _column(table, name)
    numbers = np.empty(len(values))
    for place, value in enumerate(values):
        try:
            numbers[place] = float("nan") if value is None or isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            numbers[place] = np.nan
        if not np.isfinite(numbers[place]):
            shown = "an empty cell" if _is_missing(value) else repr(value)
            raise ValueError(
                f"column {name}, row {place + 1}: a number is needed, found {shown}; "
                "leave the patient out or take another column"
            )
    return numbers


def class_column(table: Table, name: str) -> list[str]:
    """The classes of a column as text, ``1.0`` as ``1``.

    Raises :class:`ValueError` for a column that is missing, naming those there are, and for an empty cell.
    """
    names = []
    for place, value in enumerate(_column(table, name)):
        if _is_missing(value):
            raise ValueError(
                f"column {name}, row {place + 1}: a class is needed, found an empty cell; leave it out"
            )
        whole = isinstance(value, float) and value.is_integer()
        names.append(str(int(value)) if whole else str(value).strip())
    return names


def _column(table: Table, name: str) -> list[Any]:
    known = [str(column) for column in table]
    if name not in known:
        raise ValueError(f"the table has no column {name!r}; it has {', '.join(known) or 'none'}")
    values: list[Any] = np.asarray(table[name], dtype=object).tolist()
    return values


def _is_missing(value: object) -> bool:
    try:
        return value is None or value == "" or bool(value != value)
    except TypeError:  # pandas.NA is neither equal nor unequal to itself
        return True
