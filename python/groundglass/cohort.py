"""Tables of patients: made of results, read and written, and measurements and classes from their columns."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass.errors import FormatError
from groundglass.tables import to_csv

if TYPE_CHECKING:
    import pandas

__all__ = ["Table", "class_column", "collect", "number_column", "read_table", "write_table"]

#: Columns by name: a DataFrame, or a mapping of lists or arrays.
Table = Mapping[str, Any]

#: What :func:`read_table` reads and :func:`write_table` writes, by the end of the file's name.
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
            rows.append({"study": file.resolve().parent.name} | _row(json.loads(file.read_bytes())))
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise FormatError(f"{given}: no result of groundglass, or one of another version") from error
    names = [row["study"] for row in rows]
    if double := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two results lie in folders of the name {double!r}; rename one")
    return rows


def _row(content: Mapping[str, Any]) -> dict[str, Any]:
    if content["schema"] != "groundglass.result":
        raise ValueError(content["schema"])
    both, severity, doubt = content["regions"][0], content["severity"], content.get("uncertainty", {})
    volumes = ("lung_ml", "ground_glass_ml", "consolidation_ml", "opacity_ml")
    return {
        **{name: both[name] for name in volumes},
        "opacity_fraction": both["opacity_percent"] / 100,
        "opacity_percent": both["opacity_percent"],
        "opacity_percent_lower": doubt.get("opacity_percent_lower"),
        "opacity_percent_upper": doubt.get("opacity_percent_upper"),
        "high_opacity_percent": both["high_opacity_percent"],
        "ct_grade_extent": severity["ct_grade_extent"],
        "ct_grade_rule": severity["ct_grade_rule"],
        "class": severity["class"],
        "warnings": sum(note["level"] == "warning" for note in content["notes"]),
        "models": " ".join(model["name"] for model in content["models"]) or "lesions as given",
        "groundglass_version": content["groundglass_version"],
    }


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
