"""Intervals of what is measured, from the calibration in a model's contract to the result and the screen."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import groundglass as gg
from groundglass.cli import main
from groundglass.result import INTERVAL_COLUMNS, REGION_COLUMNS, schema
from small_study import SHAPE, patient, write

LEVELS = [0.05, 0.5, 0.95]
CURVES = ("ground_glass_ml", "consolidation_ml", "opacity_ml", "opacity_percent", "high_opacity_percent")


def nested(levels: list[float] = LEVELS) -> gg.LesionCt:
    """The phantom's lungs with random nested lesions, those of the level 0.5 as the estimate."""
    found = patient()
    rng = np.random.default_rng(7)
    place = rng.choice(len(levels) + 1, SHAPE, p=[0.85, *[0.15 / len(levels)] * len(levels)])
    dense = rng.random(SHAPE) < 0.3
    lesions = np.where((place > 0) & (place <= 2), np.where(dense, 2, 1), 0).astype(np.uint8)
    doubt = gg.LesionUncertainty(
        levels=levels,
        first_level=(place + 128 * dense).astype(np.uint8),
        member_voxels=[100, 120, 140],
    )
    return gg.LesionCt(gg.LungCt(found.volume, found.lungs), lesions, uncertainty=doubt)


def test_each_level_is_measured_as_lesions_are() -> None:
    study = nested()
    table = study | gg.InvolvementUncertainty()
    assert table.levels == LEVELS
    assert (table.coverage, table.members, table.calibrated) == (0.9, 3, True)
    first = study.uncertainty.first_level
    for level in range(3):
        inside = ((first & 127) > 0) & ((first & 127) <= level + 1)
        lesions = np.where(inside, np.where(first >= 128, 2, 1), 0).astype(np.uint8)
        expected = gg.Involvement()(gg.LesionCt(study.with_lungs, lesions))
        for row, curves in zip(expected.rows, table.rows, strict=True):
            assert curves.region == row.region
            for name in CURVES:
                assert getattr(curves, name).values[level] == getattr(row, name)
    both = table["both lungs"]
    assert (both.opacity_percent.lower, both.opacity_percent.upper) == tuple(
        both.opacity_percent.values[i] for i in (0, 2)
    )
    assert table.opacity_fractions == [value / 100 for value in both.opacity_percent.values]
    lung = np.count_nonzero(study.lungs)
    assert table.opacity_percent_sd == pytest.approx(100 * 20 / lung)
    with pytest.raises(KeyError):
        table["third lung"]


def test_values_of_both_kinds_are_regular() -> None:
    study = nested()
    again = pickle.loads(pickle.dumps(study))
    assert again.uncertainty.levels == LEVELS
    assert np.array_equal(again.uncertainty.first_level, study.uncertainty.first_level)
    assert again.uncertainty.member_voxels == [100, 120, 140]
    table = gg.InvolvementUncertainty()(study)
    assert pickle.loads(pickle.dumps(table)).to_dict() == table.to_dict()
    assert json.loads(json.dumps(table.to_dict()["rows"][0]))["opacity_ml"]["values"]
    stage = gg.InvolvementUncertainty(high_opacity="above_minus_200_hu", coverage=0.5)
    assert eval(repr(stage), {"InvolvementUncertainty": gg.InvolvementUncertainty}) == stage
    assert pickle.loads(pickle.dumps(stage)) == stage != gg.InvolvementUncertainty()
    assert "0.9" in repr(table)


def test_wrong_values_are_named() -> None:
    study = nested()
    with pytest.raises(ValueError, match="coverage"):
        gg.InvolvementUncertainty(coverage=1.0)
    with pytest.raises(ValueError, match="calibrated levels"):
        gg.InvolvementUncertainty(coverage=0.99)(study)
    with pytest.raises(ValueError, match="high_opacity"):
        gg.InvolvementUncertainty(high_opacity="all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="names level 3 of 2"):
        gg.LesionCt(
            study.with_lungs,
            study.lesions,
            uncertainty=gg.LesionUncertainty(levels=[0.1, 0.9], first_level=study.uncertainty.first_level),
        )


def test_without_a_calibration_there_is_no_interval() -> None:
    study = nested()
    plain = gg.InvolvementUncertainty()(gg.LesionCt(study.with_lungs, study.lesions))
    assert not plain.calibrated
    assert (plain.levels, plain.members, plain.opacity_fractions) == ([], 1, [])
    assert np.isnan(plain.rows[0].opacity_percent.lower)
    assert gg.LesionCt(study.with_lungs, study.lesions).uncertainty is None


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a calibration."""
    pytest.importorskip("torch")
    pytest.importorskip("groundglass.segmentation.stages")
    from tiny_models import maker

    make = maker()
    path = tmp_path_factory.mktemp("calibrated") / "calibrated.pt"
    contract = make.contract(calibration=make.calibration(0.99, 0.5, 0.02))
    make.save(make.Tiny(), path, json.dumps(contract))
    return path


def test_from_the_contract_to_the_files(
    calibrated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    words = ["analyze", str(tmp_path / "ct.nii.gz"), "--lungs", str(tmp_path / "lungs.nii.gz")]
    assert main([*words, "--model", str(calibrated), "--out", str(tmp_path / "out")]) == 0
    screen = " ".join(capsys.readouterr().out.split())
    content = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, schema())
    doubt = content["uncertainty"]
    severity = content["severity"]
    lower, upper = doubt["opacity_percent_lower"], doubt["opacity_percent_upper"]
    assert lower < severity["opacity_percent"] < upper
    assert doubt["opacity_percent"] == sorted(doubt["opacity_percent"])
    assert (doubt["levels"], doubt["coverage"], doubt["members"]) == (LEVELS, 0.9, 1)
    assert doubt["opacity_percent_sd"] is None
    assert f"{severity['opacity_percent']:.2f} % (90 %: {lower:.2f}–{upper:.2f}) of both lungs" in screen
    with (tmp_path / "out" / "regions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == REGION_COLUMNS + INTERVAL_COLUMNS
    for row, written in zip(rows, content["regions"], strict=True):
        for name in CURVES:
            assert float(row[f"{name}_lower"]) == written[f"{name}_lower"] <= written[name]
            assert float(row[f"{name}_upper"]) == written[f"{name}_upper"] >= written[name]
    assert rows[0]["opacity_percent_upper"] == str(upper)


def test_in_python(calibrated: Path) -> None:
    found = patient()
    result = gg.analyze(found.volume, lungs=found.lungs, model=calibrated, views=2)
    lower, upper = result.opacity_interval_percent
    assert lower < result.opacity_percent < upper
    assert result.uncertainty.members == 2
    assert result.uncertainty.opacity_percent_sd >= 0
    pandas = pytest.importorskip("pandas")
    assert isinstance(result.to_pandas(), pandas.DataFrame)
    assert tuple(result.to_pandas().columns) == REGION_COLUMNS + INTERVAL_COLUMNS
    given = gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions)
    assert given.uncertainty is None
    assert given.opacity_interval_percent is None
    assert "uncertainty" not in given.to_dict()
