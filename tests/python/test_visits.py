"""Cohorts in time: keys and days from the user's table, pairs, and what is drawn of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groundglass.cohort.visits import paired, with_visits

ROWS = [
    {"study": name, "opacity_percent": value}
    for name, value in (("a", 5.0), ("b", 9.0), ("c", 2.0), ("d", None), ("e", 7.0))
]
VISITS = {
    "study": ["a", "b", "c", "d", "e", "other"],
    "patient": [1, 1, 2, 3, 1, 4],
    "date": ["2026-01-31", "20260103", "2026-02-01", "2026-01-01", "2026-03-01", "2026-01-01"],
}


def test_rows_go_by_patient_and_day_without_dates() -> None:
    rows = with_visits(ROWS, VISITS)
    assert [(row["study"], row["patient"], row["visit"], row["days"]) for row in rows] == [
        ("b", "1", 1, 0.0),
        ("a", "1", 2, 28.0),
        ("e", "1", 3, 57.0),
        ("c", "2", 1, 0.0),
        ("d", "3", 1, 0.0),
    ]
    assert list(rows[0]) == ["study", "patient", "visit", "days", "opacity_percent"]
    assert not any("2026" in str(value) for row in rows for value in row.values())
    assert paired(rows, "opacity_percent") == (["1"], [9.0], [7.0])


def test_days_may_be_numbers_and_columns_have_any_name() -> None:
    table = {"folder": ["a", "b"], "who": ["x", "x"], "t": [30, 0]}
    rows = with_visits(ROWS[:2], table, patient="who", day="t", study="folder")
    assert [(row["study"], row["days"]) for row in rows] == [("b", 0.0), ("a", 30.0)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"study": ["a", "a", "c", "d", "e", "b"]}, "'a' twice"),
        ({"study": ["a", "b", "c", "d", "f", "g"]}, "no 'e'"),
        ({"date": ["2026-01-31"] * 6}, "one day"),
        ({"date": ["2026-01-31", "soon", "1", "2", "3", "4"]}, "row 2"),
        ({"date": [1.0, 2.0, float("inf"), 3.0, 4.0, 5.0]}, "date, row 3"),
        ({"patient": [1, None, 1, 1, 1, 1]}, "empty cell"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_visits(ROWS, VISITS | change)


def test_a_table_is_read_from_a_file(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    file = tmp_path / "visits.csv"
    file.write_text("study;patient;date\na;P1;2026-01-01\nb;P1;2026-01-15\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="separator|part"):
        rows = with_visits(ROWS[:2], file)
    assert rows[1]["days"] == 14


def test_what_is_drawn_equals_the_data() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from groundglass import plotting

    before, after = [1.0, 5.0, 3.0], [4.0, 2.0, 3.2]
    ax = plotting.paired_change(before, after, repeatability=0.5)
    drawn = sorted(tuple(line.get_ydata()) for line in ax.lines[:-1])
    assert drawn == sorted(zip(before, after, strict=True))
    assert tuple(ax.lines[-1].get_ydata()) == (3.0, 3.2)
    labels = {text.get_text() for text in ax.get_legend().get_texts()}
    assert labels == {"more, n = 1", "less, n = 1", "same, n = 1", "median"}
    ax = plotting.trajectories(["x", "x", "y"], [10, 0, 0], [2, 1, 5], lower=[1, 0, 4], upper=[3, 2, 6])
    assert [tuple(line.get_ydata()) for line in ax.lines] == [(1.0, 2.0), (5.0,)]
    assert np.array_equal(ax.lines[0].get_xdata(), [0, 10])
    plt.close("all")
    with pytest.raises(ValueError, match="first and"):
        plotting.paired_change([1], [1, 2])
    with pytest.raises(ValueError, match="patients and"):
        plotting.trajectories(["x"], [1, 2], [1, 2])
