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
from groundglass.cli import main
from small_study import patient

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
    assert [path.stem for path in notebooks] == ["Do", "Follow-up", "Stats"]
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert code
        assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
        for cell in code:
            compile("".join(cell["source"]), path.name, "exec")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two results of the small phantom, one of it without lesions."""
    folder, found = tmp_path_factory.mktemp("results"), patient()
    for name, lesions in (("one", found.lesions), ("two", 0 * found.lesions)):
        gg.analyze(found.volume, lungs=found.lungs, lesions=lesions, out=folder / name)
    return [folder / "one", folder / "two"]


def test_results_become_a_table(results: list[Path]) -> None:
    one, two = cohort.collect([results[0], results[1] / "result.json"])
    content = json.loads((results[0] / "result.json").read_text(encoding="utf-8"))
    assert (one["study"], two["study"]) == ("one", "two")
    assert one["lung_ml"] == content["regions"][0]["lung_ml"]
    assert one["opacity_fraction"] == pytest.approx(0.11, abs=1e-3)
    assert (one["ct_grade_extent"], two["ct_grade_extent"]) == ("CT-1", "CT-0")
    assert two["opacity_fraction"] == 0
    assert one["opacity_percent_lower"] is None
    assert one["models"] == "lesions as given"


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".pq"])
def test_a_table_is_read_as_it_was_written(results: list[Path], tmp_path: Path, ending: str) -> None:
    rows, file = cohort.collect(results), tmp_path / f"cohort{ending}"
    cohort.write_table(rows, file)
    found = cohort.read_table(file)
    assert list(found) == list(rows[0])
    fractions = cohort.number_column(found, "opacity_fraction").tolist()
    assert fractions == [row["opacity_fraction"] for row in rows]
    with pytest.raises(ValueError, match="opacity_percent_lower, row 1: a number is needed, found an empty"):
        cohort.number_column(found, "opacity_percent_lower")
    assert cohort.class_column(found, "study") == ["one", "two"]
    with pytest.raises(FileExistsError, match="cohort"):
        cohort.write_table(rows, file)
    cohort.write_table(rows, file, overwrite=True)


def test_what_is_no_result_is_refused(results: list[Path], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(FileNotFoundError, match=r"other holds no result\.json"):
        cohort.collect([tmp_path / "other"])
    for text in ("{", "[]", '{"schema": "another"}'):
        (tmp_path / "other" / "result.json").write_text(text)
        with pytest.raises(gg.FormatError, match="no result of groundglass"):
            cohort.collect([tmp_path / "other"])
    with pytest.raises(ValueError, match="of the name 'one'"):
        cohort.collect([results[0], results[0]])
    with pytest.raises(gg.FormatError, match=r"must end in \.csv"):
        cohort.write_table(cohort.collect(results), tmp_path / "cohort.xlsx")
    with pytest.raises(ValueError, match="no row"):
        cohort.write_table([], tmp_path / "cohort.csv")
    assert not list(tmp_path.glob("cohort*"))


def test_collect_on_the_command_line(
    capsys: pytest.CaptureFixture[str], results: list[Path], tmp_path: Path
) -> None:
    words = ["collect", *map(str, results)]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert main([*words, "--out", str(tmp_path / "cohort.csv")]) == 0
    assert "2 results written" in capsys.readouterr().out
    assert (tmp_path / "cohort.csv").read_text(encoding="utf-8") == printed
    assert main([*words, "--out", str(tmp_path / "cohort.csv")]) == 2
    assert "give --overwrite" in capsys.readouterr().err
    assert main([*words, "--out", str(tmp_path / "cohort.csv"), "--overwrite"]) == 0
