"""Tables as Parquet files, those of a result among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundglass._optional import needing
from groundglass.findings.records import NOT_A_DEVICE
from groundglass.tables import without_nan
from groundglass.write.outputs import atomic_file

if TYPE_CHECKING:
    from groundglass.findings.findings import Findings


def write_parquet(
    path: str | Path,
    rows: Iterable[Mapping[str, Any]],
    *,
    metadata: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> None:
    """Writes rows that share their keys as a Parquet file, whole or not at all.

    A column of texts is a string column, one of whole numbers int64, all others double; NaN and None, which
    mean "no answer", are null. `metadata` are entries of the schema's metadata. The same rows give the same
    table.

    Raises :class:`ImportError` where pyarrow is not installed, :class:`ValueError` for rows whose keys
    differ, :class:`groundglass.write.OutputError` for a path that can't be written.
    """
    with needing("a Parquet file", "pyarrow"):
        import pyarrow
        import pyarrow.parquet
    columns: dict[str, list[Any]] = {}
    for place, row in enumerate(rows):
        if place and list(row) != list(columns):
            raise ValueError(f"row {place} has the columns {', '.join(row)}, the first {', '.join(columns)}")
        for name, value in row.items():
            columns.setdefault(name, []).append(without_nan(value))
    types: dict[type | None, Any] = {str: pyarrow.string(), int: pyarrow.int64()}
    schema = pyarrow.schema(
        [(name, types.get(_type(values), pyarrow.float64())) for name, values in columns.items()],
        metadata=dict(metadata or {}),
    )
    table = pyarrow.Table.from_pydict(columns, schema=schema)
    with atomic_file(path, overwrite=overwrite) as temporary:
        pyarrow.parquet.write_table(table, temporary)


def write_tables(found: Findings, folder: str | Path, *, overwrite: bool = False) -> None:
    """Writes the three tables, as :meth:`groundglass.Result.to_parquet` says."""
    metadata = {"groundglass_version": found.version, "disclaimer": NOT_A_DEVICE}
    tables = {"regions": found.region_rows(), "aeration": found.aeration_rows(), "slices": found.slice_rows()}
    for name, rows in tables.items():
        write_parquet(Path(folder) / f"{name}.parquet", rows, metadata=metadata, overwrite=overwrite)


def _type(values: list[Any]) -> type | None:
    """The one type of the values that are there, None for none or several."""
    found = {type(value) for value in values if value is not None}
    return found.pop() if len(found) == 1 else None
