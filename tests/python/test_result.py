from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import groundglass as gg
from groundglass.result import (
    FILES,
    INTERVAL_COLUMNS,
    REGION_COLUMNS,
    SCHEMA_VERSION,
    SLICE_COLUMNS,
    schema,
)
from small_study import patient, result

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "result.md"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("result") / "out"
    paths = result().save(folder)
    assert [path.name for path in paths] == list(FILES)
    assert all(path.is_file() for path in paths)
    return folder


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_json_follows_its_schema(saved: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(json.loads((saved / "result.json").read_text(encoding="utf-8")), schema())


def test_the_schema_refuses_what_is_wrong() -> None:
    for path, value in (
        (("severity", "ct_grade_extent"), "CT-5"),
        (("severity", "opacity_percent"), None),
        (("input", "sha256"), "abc"),
        (("schema_version",), "2.0"),
    ):
        content: Any = result().to_dict()
        place = content
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(content, schema())


def names(node: Any, path: str = "") -> set[str]:
    """Paths of all keys of a document."""
    if isinstance(node, dict):
        return set().union(*({f"{path}/{key}"} | names(item, f"{path}/{key}") for key, item in node.items()))
    if isinstance(node, list):
        return set().union(*(names(item, path) for item in node)) if node else set()
    return set()


def declared(node: dict[str, Any], path: str = "") -> set[str]:
    """Paths of all keys that a schema declares."""
    found = declared(node["items"], path) if "items" in node else set()
    for key, item in node.get("properties", {}).items():
        found |= {f"{path}/{key}"} | declared(item, f"{path}/{key}")
    return found


def test_schema_and_document_know_every_key_and_no_other() -> None:
    unused = {f"/models/{key}" for key in ("name", "sha256", "licence")}
    unused |= {f"/notes/{key}" for key in ("stage", "level", "code", "text")}
    unused |= {
        f"/options/segmentation/{key}"
        for key in (
            *("threshold", "average_mm", "minimum_lesion_ml", "views", "long_edge", "bfloat16"),
            *("as_published", "preset", "device"),
        )
    }
    # where a network looked for lesions; where a key was given
    unused |= {path for path in declared(schema()) if path.startswith(("/likeness", "/input/patient"))}
    # where a network found the lungs
    unused |= {path for path in declared(schema()) if path.startswith("/lungs/model")}
    unused |= {path for path in declared(schema()) if path.startswith("/uncertainty")}
    unused |= {f"/regions/{column}" for column in INTERVAL_COLUMNS}
    unused |= {
        f"/severity/probability{key}"
        for key in ("", "/ct_grade_extent", "/ct_grade_near_cut", "/class", "/class_near_cut")
    }
    unused |= {path for path in declared(schema()) if path.startswith("/severity/fitted")}
    content = result().to_dict()
    assert declared(schema()) - names(content) <= unused
    assert names(content) <= declared(schema())
    text = DOCUMENT.read_text(encoding="utf-8")
    for path in declared(schema()):
        leaf = path.rsplit("/", 1)[1]
        assert re.search(rf"[`.]{re.escape(leaf)}[`.\[]", text), f"{path} is missing from {DOCUMENT.name}"
    assert f"`{SCHEMA_VERSION}`" in text


def test_floats_keep_their_full_precision(saved: Path) -> None:
    found = result()
    content = json.loads((saved / "result.json").read_text(encoding="utf-8"))
    rows = (*found.table.rows, *found.table.lobes)
    for row, written in zip(rows, content["regions"], strict=True):
        assert written["lung_ml"] == row.lung_ml
        assert written["opacity_percent"] == row.opacity_percent
    cells = read_csv(saved / "regions.csv")
    assert float(cells[1][5]) == found.opacity_percent


def test_regions_have_the_documented_columns(saved: Path) -> None:
    cells = read_csv(saved / "regions.csv")
    assert ",".join(cells[0]).startswith(
        "region,lung_ml,ground_glass_ml,consolidation_ml,opacity_ml,opacity_percent,high_opacity_percent,"
    )
    assert tuple(cells[0]) == REGION_COLUMNS
    assert cells[1][0] == "both lungs"
    table = result().table
    assert [row[0] for row in cells[1:]] == [row.region for row in (*table.rows, *table.lobes)]


def test_slices_agree_with_the_regions(saved: Path) -> None:
    cells = read_csv(saved / "slices.csv")
    assert tuple(cells[0]) == SLICE_COLUMNS
    assert [int(row[0]) for row in cells[1:]] == list(range(patient().hounsfield.shape[0]))
    rows = [row for row in cells[1:] if float(row[2]) > 0]
    lung = np.array([float(row[2]) for row in rows])
    percent = np.array([float(row[5]) for row in rows])
    assert np.average(percent, weights=lung) == pytest.approx(result().opacity_percent, rel=1e-12)


def test_no_answer_is_null_and_an_empty_cell(tmp_path: Path) -> None:
    found = patient()
    healthy = gg.analyze(found.volume, lungs=found.lungs, lesions=np.zeros_like(found.lesions))
    assert math.isnan(healthy.table.rows[0].opacity_hu_mean)
    healthy.save(tmp_path / "out")
    text = (tmp_path / "out" / "result.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    content = json.loads(text)
    assert content["regions"][0]["opacity_hu_mean"] is None
    jsonschema.validate(content, schema())
    row = dict(zip(*read_csv(tmp_path / "out" / "regions.csv")[:2], strict=True))
    assert row["opacity_hu_mean"] == ""
    assert row["opacity_percent"] == "0.0"


def test_masks_lie_on_the_study(saved: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    found = patient()
    for name, labels in (("lungs", found.lungs), ("lesions", found.lesions)):
        image = sitk.ReadImage(str(saved / f"{name}.nii.gz"))
        assert np.array_equal(sitk.GetArrayFromImage(image), labels)
        assert image.GetSpacing() == pytest.approx(found.spacing_mm[::-1], rel=1e-6)
        assert image.GetOrigin() == pytest.approx(found.origin_mm, rel=1e-6)
        assert image.GetDirection() == pytest.approx((1, 0, 0, 0, 1, 0, 0, 0, 1), abs=1e-6)


def test_the_table_for_pandas_is_that_of_the_file(saved: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = result().to_pandas()
    assert tuple(frame.columns) == REGION_COLUMNS
    pandas.testing.assert_frame_equal(frame, pandas.read_csv(saved / "regions.csv"), rtol=1e-12)


def test_save_refuses_an_existing_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(FileExistsError):
        result().save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_repr_is_one_short_line() -> None:
    text = repr(result())
    assert "\n" not in text
    assert len(text) < 140
    assert "CT-1" in text
    assert "class C" in text


def test_run_holds_time_and_memory() -> None:
    run = result().to_dict()["run"]
    stages = [seconds for stage, seconds in run["timings_s"].items() if stage != "total"]
    assert run["timings_s"]["total"] == pytest.approx(sum(stages))
    assert run["peak_memory_mb"] is None or run["peak_memory_mb"] > 10
