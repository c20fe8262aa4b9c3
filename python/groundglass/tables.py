"""Rows of plain dicts as pandas tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

__all__ = ["to_pandas"]


def to_pandas(rows: Iterable[Mapping[str, Any]]) -> pandas.DataFrame:
    """A DataFrame with one row a mapping, columns in the mappings' order.

    Raises ``ImportError`` where pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("tables need pandas: pip install 'groundglass[cohort]'") from error
    return pandas.DataFrame.from_records(list(rows))
