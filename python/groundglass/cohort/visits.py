"""Which result is of which patient and of which day, as the user's own table says."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from groundglass.cohort import class_column, number_column, read_table

#: A table with a row a result: columns by name, or the file of one.
Visits = Mapping[str, Any] | str | os.PathLike[str]


def with_visits(
    rows: Sequence[Mapping[str, Any]],
    visits: Visits,
    *,
    patient: str = "patient",
    day: str = "date",
    study: str = "study",
) -> list[dict[str, Any]]:
    """The rows of ``collect`` with ``patient``, ``visit`` and ``days`` behind ``study``, by patient and day.

    `visits` has a column `study` with the names of the results' folders, `patient` with keys of your own (a
    running number; it is written as it is), and `day` with dates (2026-01-31 or 20260131) or with numbers of
    days. ``visit`` counts a patient's results from 1, ``days`` are those since the first of them: the dates
    themselves are written nowhere.

    Raises :class:`ValueError` for a result that the table does not hold or holds twice, a day that is none,
    and two results of a patient on one day, and what :func:`groundglass.cohort.read_table` raises.
    """
    table = read_table(visits) if isinstance(visits, (str, os.PathLike)) else visits
    names, keys = class_column(table, study), class_column(table, patient)
    days = _days(table, day)
    known: dict[str, tuple[str, float]] = {}
    for name, key, at in zip(names, keys, days, strict=True):
        if name in known:
            raise ValueError(f"the table of visits holds {name!r} twice in column {study}")
        known[name] = (key, at)
    found = []
    for row in rows:
        if row["study"] not in known:
            raise ValueError(f"the table of visits holds no {row['study']!r} in column {study}")
        found.append((*known[row["study"]], row))
    found.sort(key=lambda entry: entry[:2])
    first: dict[str, float] = {}
    seen: dict[str, list[float]] = {}
    result = []
    for key, at, row in found:
        first.setdefault(key, at)
        if at in seen.setdefault(key, []):
            raise ValueError(f"two results of patient {key!r} are of one day; tell them apart by days")
        seen[key].append(at)
        visit = {"patient": key, "visit": len(seen[key]), "days": at - first[key]}
        result.append({"study": row["study"], **visit, **{k: v for k, v in row.items() if k != "study"}})
    return result


def paired(rows: Sequence[Mapping[str, Any]], value: str) -> tuple[list[str], list[float], list[float]]:
    """Patients with two visits or more: their keys, and `value` at the first and at the last visit.

    `rows` are those of :func:`with_visits`. Patients without the value at one of the two are left out.
    """
    of: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        of.setdefault(row["patient"], []).append(row)
    keys, before, after = [], [], []
    for key, visits in of.items():
        first, last = visits[0][value], visits[-1][value]
        if len(visits) > 1 and first is not None and last is not None:
            keys.append(key)
            before.append(float(first))
            after.append(float(last))
    return keys, before, after


def _days(table: Mapping[str, Any], name: str) -> list[float]:
    """The days of a column of dates or numbers."""
    cells = class_column(table, name)
    dates = [_date(cell) for cell in cells]
    if all(found is not None for found in dates):
        return [float(found) for found in dates if found is not None]
    if not any(found is not None for found in dates):
        return [float(day) for day in number_column(table, name)]
    wrong = next(place for place, found in enumerate(dates, 1) if found is None)
    raise ValueError(
        f"column {name}, row {wrong}: a date as 2026-01-31 or a number of days is needed in every row"
    )


def _date(cell: str) -> int | None:
    """A date as a count of days; a time behind it is left out."""
    digits = cell.strip()[:10].replace("-", "")
    if len(digits) != 8 or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).toordinal()
    except ValueError:
        return None
