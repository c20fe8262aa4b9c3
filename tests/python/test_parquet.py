"""Tables as Parquet: the columns and values of the CSV files, null for "no answer"."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas
import pyarrow.parquet
import pytest

import groundglass as gg
from groundglass.result import NOT_A_DEVICE, SLICE_COLUMNS
from groundglass.write import OutputError, write_parquet
from small_study import patient, result


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["regions", "aeration", "slices"])
def test_the_tables_hold_what_the_csv_files_hold(tmp_path: Path, name: str) -> None:
    result().save(tmp_path / "out", extras=("parquet",))
    rows = cells(tmp_path / "out" / f"{name}.csv")
    file = tmp_path / "out" / f"{name}.parquet"
    for table in (pyarrow.parquet.read_table(file).to_pylist(), pandas.read_parquet(file).to_dict("records")):
        assert len(table) == len(rows)
        for found, expected in zip(table, rows, strict=True):
            assert list(found) == list(expected)
            for column, text in expected.items():
                if text == "":
                    assert pandas.isna(found[column]), column
                else:
                    assert found[column] == (text if column == "region" else float(text)), column


def test_no_answer_is_null_and_types_stay(tmp_path: Path) -> None:
    found = patient()
    empty = gg.analyze(found.volume, lungs=found.lungs, lesions=0 * found.lesions)
    empty.to_parquet(tmp_path)
    regions = pyarrow.parquet.read_table(tmp_path / "regions.parquet")
    assert regions["opacity_hu_mean"].null_count == len(regions)
    assert str(regions.schema.field("opacity_hu_mean").type) == "double"
    assert str(regions.schema.field("region").type) == "string"
    slices = pyarrow.parquet.read_table(tmp_path / "slices.parquet")
    assert tuple(slices.column_names) == SLICE_COLUMNS
    assert str(slices.schema.field("slice").type) == "int64"
    outside = [row["opacity_percent"] for row in slices.to_pylist() if row["lung_ml"] == 0]
    assert outside
    assert set(outside) == {None}


def test_the_file_says_where_it_comes_from_and_not_whose_it_is(tmp_path: Path) -> None:
    result().to_parquet(tmp_path)
    for name in ("regions", "aeration", "slices"):
        metadata = pyarrow.parquet.read_schema(tmp_path / f"{name}.parquet").metadata
        assert metadata == {
            b"groundglass_version": gg.__version__.encode(),
            b"disclaimer": NOT_A_DEVICE.encode(),
        }


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / "regions.parquet").write_text("mine")
    with pytest.raises(OutputError, match=r"regions\.parquet exists"):
        result().to_parquet(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["regions.parquet"]
    result().to_parquet(tmp_path, overwrite=True)
    assert len(pyarrow.parquet.read_table(tmp_path / "regions.parquet")) == 14


def test_rows_of_different_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="row 1 has the columns b"):
        write_parquet(tmp_path / "t.parquet", [{"a": 1}, {"b": 1}])
    assert not list(tmp_path.iterdir())
