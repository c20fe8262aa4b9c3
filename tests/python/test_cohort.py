"""The cohort that ships with the project, and the notebooks that use it."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import groundglass as gg
from groundglass import cohort

EXAMPLES = Path(__file__).parents[2] / "examples"
TABLE = EXAMPLES / "data" / "phantom-cohort.csv"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """The script that made the table."""
    path = EXAMPLES / "data" / "make_phantom_cohort.py"
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_script_makes_the_table(maker: ModuleType, rows: list[dict[str, str]]) -> None:
    assert json.loads(TABLE.with_suffix(".json").read_text(encoding="utf-8")) == maker.RECIPE
    severities = maker.severities()
    assert [row["severity"] for row in rows] == severities
    for number in (1, 4, 500):
        made = maker.measure(number, severities[number - 1])
        assert {name: str(value) for name, value in made.items()} == rows[number - 1]


def test_the_cohort_holds_together(rows: list[dict[str, str]]) -> None:
    assert len({row["patient"] for row in rows}) == len(rows) == 500
    for row in rows:
        opacity = float(row["ground_glass_ml"]) + float(row["consolidation_ml"])
        assert float(row["opacity_fraction"]) == pytest.approx(opacity / float(row["lung_ml"]), abs=1e-4)
        assert row["severe"] == str(int(row["severity"] == "severe"))


def test_a_truth_without_its_image_is_that_of_the_phantom() -> None:
    arguments = {"ground_glass": 0.05, "consolidation": 0.02, "shape": (24, 64, 64)}
    assert gg.phantom.truth_of(5, **arguments) == gg.phantom.make(5, **arguments).truth
    with pytest.raises(ValueError, match="ground_glass"):
        gg.phantom.truth_of(5, ground_glass=1.5)


def test_columns_may_come_from_any_mapping() -> None:
    table = {"value": [1, 2.5, np.float32(3)], "grade": [1.0, "b ", np.str_("c")]}
    assert cohort.number_column(table, "value").tolist() == [1, 2.5, 3]
    assert cohort.class_column(table, "grade") == ["1", "b", "c"]
    with pytest.raises(ValueError, match="no column 'x'; it has value, grade"):
        cohort.number_column(table, "x")
    for value in (None, "", "x", True, float("inf")):
        with pytest.raises(ValueError, match="column a, row 2"):
            cohort.number_column({"a": [1, value]}, "a")


def test_missing_cells_of_nullable_columns_are_named() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": pandas.array([1, None], dtype="Int64")})
    with pytest.raises(ValueError, match="column a, row 2: a number is needed, found an empty cell"):
        cohort.number_column(frame, "a")
    with pytest.raises(ValueError, match="column a, row 2: a class is needed"):
        cohort.class_column(frame, "a")


def test_notebooks_in_git_hold_no_outputs() -> None:
    notebooks = sorted((EXAMPLES / "notebooks").glob("*.ipynb"))
    assert [path.stem for path in notebooks] == ["Do", "Stats"]
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert code
        assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
        for cell in code:
            compile("".join(cell["source"]), path.name, "exec")
