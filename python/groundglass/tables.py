"""Rows of plain dicts as tables: for pandas, as CSV, and for a notebook."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from groundglass._optional import needing

if TYPE_CHECKING:
    import pandas

__all__ = ["Tabular", "to_csv", "to_html", "to_pandas", "without_nan"]


def to_pandas(rows: Iterable[Mapping[str, Any]]) -> pandas.DataFrame:
    """A DataFrame with one row a mapping, columns in the mappings' order.

    Raises ``ImportError`` where pandas is not installed.
    """
    with needing("a data frame", "pandas"):
        import pandas
    return pandas.DataFrame.from_records(list(rows))


def to_csv(rows: Sequence[Mapping[str, Any]], *, delimiter: str = ",") -> str:
    """A line of the first mapping's keys and one a mapping: a point for decimals, full precision, an empty
    cell for "no answer". Raises ``ValueError`` for rows whose keys differ."""
    names = list(rows[0])
    for place, row in enumerate(rows, 1):
        if row.keys() != rows[0].keys():
            raise ValueError(f"row {place} has other columns than the first")
    lines = [names, *([without_nan(row[name]) for name in names] for row in rows)]
    return "".join(delimiter.join(_quoted(cells, delimiter)) + "\n" for cells in lines)


def _quoted(cells: Sequence[object], delimiter: str) -> list[str]:
    """Cells as they stand in a line; the csv module leaves a lone carriage return without quotes."""
    texts = ["" if cell is None else str(cell) for cell in cells]
    unsafe = (delimiter, '"', "\n", "\r")
    if texts == [""]:
        return ['""']  # an empty line would be no row
    return [
        '"{}"'.format(text.replace('"', '""')) if any(sign in text for sign in unsafe) else text
        for text in texts
    ]


def to_html(rows: Iterable[Mapping[str, Any]], *, caption: str = "", most: int = 60) -> str:
    """A plain HTML table: the first mapping's keys as heading, numbers to four digits, "–" for "no answer".

    Of more than `most` rows the first and last halves are shown.
    """
    table = list(rows)
    hidden = len(table) - most
    if hidden > 0:
        table = table[: most // 2] + table[len(table) - most // 2 :]
        caption = f"{caption} ({hidden} rows in the middle are not shown)".strip()
    head = "".join(f"<th>{escape(str(key).replace('_', ' '))}</th>" for key in (table[0] if table else ()))
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row.values()) + "</tr>" for row in table
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))


def without_nan(value: Any) -> Any:
    """Plain types for JSON and CSV: arrays as lists; NaN and infinity, which mean "no answer", as None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(item) for item in value]
    return without_nan(value.tolist()) if hasattr(value, "tolist") else value


class Tabular(ABC):
    """What has rows: as a data frame, and as a table in a notebook."""

    @abstractmethod
    def to_rows(self) -> list[dict[str, Any]]:
        """The rows as dicts of plain values."""

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas DataFrame. Raises ``ImportError`` where pandas is not installed."""
        return to_pandas(self.to_rows())

    def to_frame(self) -> pandas.DataFrame:
        """The old name of :meth:`to_pandas`."""
        warnings.warn("to_frame is to_pandas now", DeprecationWarning, stacklevel=2)
        return self.to_pandas()

    def _caption(self) -> str:
        return type(self).__name__

    def _repr_html_(self) -> str:
        return to_html(self.to_rows(), caption=self._caption())
